#ifndef KELISIM_SHARED_DOSSIER_VERIFIER_H_
#define KELISIM_SHARED_DOSSIER_VERIFIER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kelisim/v1/dossier.pb.h"
#include "shared/dossier/folder.h"

// Says what a dossier proves, from its files alone: no service, no network, no
// configuration.

namespace kelisim::dossier {

// The numbers are exit codes of `kelisim verify` and never change.
enum class Verdict {
  kValid = 0,
  // A signature that must be there is wrong, or a file is not what the exporter signed.
  kBadSignature = 10,
  // Signed and recomputed hashes differ.
  kBadProof = 11,
  // The checkpoint lacks a cosignature that the policy asks for.
  kMissingCosigner = 12,
  // One key has signed two checkpoints that contradict each other.
  kEquivocation = 13,
  // An act stands that breaks a rule.
  kUnlawful = 14,
  // A file is missing, cannot be read or does not belong there.
  kUnreadable = 15,
};

struct Finding {
  Verdict verdict;
  std::string where;          // a file, or the place of an act: "acts/kz-12"
  std::string problem_key;    // of the message catalogue
  std::string detail;         // English, technical; may be empty
  v1::Violation broken = {};  // of kUnlawful: which rule, and how
};

// What nobody can judge from these files.
struct NotJudged {
  std::string where;  // a file, or the place of an act; empty: the whole dossier
  std::string why;    // key of the message catalogue
  std::string rule;   // that the reason is about, if any
};

struct Report {
  // The first of these decides: equivocation, signature, proof, cosigner, law,
  // readability; a file that differs from what was signed counts last, because what is
  // found in it says more.
  Verdict verdict = Verdict::kValid;
  std::vector<Finding> findings;  // the one that decides comes first
  // As far as it can be read.
  v1::Manifest manifest;
  std::map<v1::Party, uint64_t> entries;
  uint64_t acts_judged = 0;
  uint64_t acts_refused = 0;
  std::vector<NotJudged> not_judged;
};

// Texts of policies that were obtained elsewhere; empty: those of the dossier are
// believed, and then it proves only that it agrees with itself.
struct KnownPolicies {
  std::string kz;
  std::string ru;
};

// Whether it is the text of a policy, with a log.
bool IsPolicy(const std::string& text);

// Needs the memory of both ledgers. A folder that holds nothing but the evidence of two
// histories is judged as well: kEquivocation when it is true.
Report Verify(const Folder& folder, const KnownPolicies& known);

}  // namespace kelisim::dossier

#endif  // KELISIM_SHARED_DOSSIER_VERIFIER_H_
