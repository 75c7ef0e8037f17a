#ifndef KELISIM_SHARED_TESTING_STORY_H_
#define KELISIM_SHARED_TESTING_STORY_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "shared/testing/environment.h"

namespace kelisim::testing {

// The stories of tests/stories, by name; and one as it is written.
std::vector<std::string> StoryNames();
std::string StoryText(const std::string& name);

// Runs a story: a two-Party scenario that a lawyer can read, on the real cores
// over a lossy link. One line, one event; after each command everything arrives
// unless the link is cut. Returns "" or what went otherwise than told, with the
// number of the line.
//
//   # text                                    a comment; the first ones are the title
//   date 2026-03-02 [20:00]                   the day it is, and the time in UTC (noon)
//   KZ <command> <case> [with <fields>] -> <STATUS> [turn KZ|RU]
//   KZ <command> <case> [with <fields>] !! <rule>
//   KZ <command> <case> [with <fields>] !! invalid <field>
//   KZ <command> <case> [with <fields>] !! unavailable
//   KZ set_quota|adjust_quota|close_year <year> [<limit>] -> <QUOTA STATUS>   or !! <rule>
//       followed by "back <case>" for each that has lost its place by it
//   KZ record_termination_notice [with <fields>] -> <terminates on>           or !! <rule>
//   KZ <kind> <step> <name> [with <fields>] -> <STATUS> [turn KZ|RU]          or !! as above
//   both see <case> <STATUS> [turn KZ|RU]     the states are byte-equal
//   both see <kind> <name> <STATUS> [turn KZ|RU] [overdue]
//   KZ sees <case> <STATUS>|nothing [turn KZ|RU]
//   KZ quota 2026 reserved 1 used 2
//   link cut | link restored
//   KZ stops | KZ starts
//   KZ mark <case> <number from 1> <EVIDENCE> the evidence of the case's n-th act
//   KZ mark <kind> <name> <number from 1> <EVIDENCE>                          of a matter's
//
// <command> is a field of CaseCommand; its fields are filled in as an honest
// officer would, then <fields> (protobuf text) are merged over them; "name: ''" and
// "name {}" take a field away. <case> is a name of the story's own. file_petition takes
// "head <number>" and "family <number>..." among the fictitious people before `with`, or
// "sample <name>" of deploy/samples.
// <kind> is a kind of matter ("dispute"), <step> a field of its steps; the step that
// begins a matter of a case takes "of <case>". In its fields 'disputes/two' is the dispute
// that the story calls two.
//
// `at_end` (if any) is called for each node that is up when all went as told; what it
// returns is the result.
std::string RunStory(std::string_view text, uint64_t seed,
                     const std::function<std::string(const Node&, absl::Time)>& at_end = nullptr);

}  // namespace kelisim::testing

#endif  // KELISIM_SHARED_TESTING_STORY_H_
