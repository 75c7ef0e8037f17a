#ifndef KELISIM_SHARED_AUTHORITY_IDENTIFIERS_H_
#define KELISIM_SHARED_AUTHORITY_IDENTIFIERS_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "kelisim/v1/case.pb.h"

namespace kelisim::authority {

// Calls `see(identifier, person, field)` for every identifier in `petition`, in its order.
// `field`: of the number, such as "<path>.head.identifiers[0].number".
template <typename See>
void ForEachIdentifier(const v1::Petition& petition, const std::string& path, See see) {
  const auto of = [&](const v1::Person& person, const std::string& at) {
    for (int i = 0; i < person.identifiers_size(); ++i) {
      see(person.identifiers(i), person, absl::StrCat(at, ".identifiers[", i, "].number"));
    }
  };
  of(petition.head(), path + ".head");
  for (int i = 0; i < petition.family_size(); ++i) {
    of(petition.family(i).person(), absl::StrCat(path, ".family[", i, "].person"));
  }
}

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_IDENTIFIERS_H_
