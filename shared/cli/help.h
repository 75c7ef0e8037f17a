#ifndef KELISIM_SHARED_CLI_HELP_H_
#define KELISIM_SHARED_CLI_HELP_H_

#include <memory>

#include "CLI/CLI.hpp"
#include "shared/text/messages.h"

// Help in the reader's language. The commands describe themselves, their options and each line
// of their footers by keys of the message catalogue; examples are what they are in any language.

namespace kelisim::cli {

// Lays help out in columns of characters; CLI11 counts bytes. For the program, before it has
// commands: they inherit it.
std::shared_ptr<CLI::FormatterBase> HelpFormatter(Lang lang);

// Puts texts in the place of keys, in `app` and all its commands. What is no key stays.
void SayHelp(CLI::App& app, Lang lang);

}  // namespace kelisim::cli

#endif  // KELISIM_SHARED_CLI_HELP_H_
