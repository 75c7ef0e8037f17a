#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "absl/time/clock.h"
#include "shared/cli/client.h"
#include "shared/cli/interrupt.h"
#include "shared/cli/program.h"

namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string Locale() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES"}) {
    if (std::string locale = Variable(name); !locale.empty()) return locale;
  }
  return Variable("LANG");
}

kelisim::cli::Look LookOfTerminal() {
  if (isatty(STDOUT_FILENO) == 0) return {};
  winsize size{};
  ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
  // Both streams are told from one look; a redirected stderr gets no colours.
  const bool colour = isatty(STDERR_FILENO) != 0 && Variable("NO_COLOR").empty();
  return {colour, size.ws_col};
}

// A file that is opened must not take the place of an output that is closed: the answer would
// be written into it.
void KeepOutputsClosed() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) < 0) (void)open("/dev/null", O_RDONLY);
  }
}

}  // namespace

int main(int argc, char** argv) {
  KeepOutputsClosed();
  kelisim::cli::AwaitSignals();
  kelisim::cli::PrepareGrpc();
  const kelisim::cli::World world{
      {Variable("KELISIM_PROFILE"), Locale()},           LookOfTerminal(), kelisim::cli::Dial,
      [](absl::Duration time) { absl::SleepFor(time); }, std::cout,        std::cerr};
  return kelisim::cli::Run({argv + 1, argv + argc}, world);
}
