#ifndef KELISIM_SHARED_TREATY_FORM_H_
#define KELISIM_SHARED_TREATY_FORM_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "kelisim/v1/case.pb.h"
#include "kelisim/v1/matter.pb.h"
#include "kelisim/v1/quota.pb.h"
#include "kelisim/v1/treaty.pb.h"
#include "shared/treaty/verdict.h"

// Form, before any rule is asked: dates exist, names are names, enums are known,
// lengths are bounded. What only one state can check about its own identifiers
// (check digits) is that state's (kz_agency/, ru_service/).

namespace kelisim::treaty {

// What is wrong with one field. `problem` is a key of the message catalogue
// ("form.date", "form.required", "form.mixed_script", "form.not_nfc", ...);
// `field` a path such as "file_petition.family[2].person.birth_date". Neither holds
// the value.
struct FieldProblem {
  std::string field;
  std::string problem;
};

// A field in which a step names a dispute, and the name. Cases are not among these: one that is
// asked about or in dispute may be known to the other Party alone.
struct NamedField {
  std::string field;
  std::string name;
};
// Of a step that CheckForm finds right.
std::vector<NamedField> DisputesIn(const v1::MatterStep& step);

// Every problem found, at most 50, in field order; empty when the form is right.
// `happened_on`, when the step happened, bounds dates that cannot be after it.
std::vector<FieldProblem> CheckForm(const v1::CaseCommand& command, absl::CivilDay happened_on);
// The same of an act: what the counterpart sends is not taken on trust.
std::vector<FieldProblem> CheckForm(const v1::CaseAct& act, absl::CivilDay happened_on);
// By what the fields of its content declare (form.proto). What the service fills in may
// be left out.
std::vector<FieldProblem> CheckForm(const v1::MatterStep& step, absl::CivilDay happened_on);
std::vector<FieldProblem> CheckForm(const v1::Protocol& protocol);
std::vector<FieldProblem> CheckForm(const v1::QuotaCommand& command);
std::vector<FieldProblem> CheckForm(const v1::QuotaAct& act);
std::vector<FieldProblem> CheckForm(const v1::TreatyCommand& command);
std::vector<FieldProblem> CheckForm(const v1::TreatyAct& act);

// The number of a document without what people write differently: spaces, the number sign
// and hyphens beside a letter are left out, a Cyrillic letter that looks like a Latin one is
// that one. Accepted by CheckForm.
std::string PlainNumber(const std::string& number);

// 1.2: equal for the same document of the same person, however it was written. A national
// number is the same whatever state stands beside it: one state alone issues it.
std::string IdentityOf(const v1::Identifier& identifier);

// exchange.format and the first field; nullopt if there are no problems. Of an act: to an
// officer every problem is told instead.
std::optional<v1::Violation> Malformed(const std::vector<FieldProblem>& problems);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_FORM_H_
