#ifndef KELISIM_SHARED_BASE_STATUS_MACROS_H_
#define KELISIM_SHARED_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// RETURN_IF_ERROR(expression): leaves the function with the status if not OK.
#define RETURN_IF_ERROR(expression)                                                              \
  do {                                                                                           \
    if (absl::Status kelisim_status = (expression); !kelisim_status.ok()) return kelisim_status; \
  } while (false)

// ASSIGN_OR_RETURN(auto value, expression): value of a StatusOr, or leaves with
// its status.
#define ASSIGN_OR_RETURN(lhs, expression) \
  KELISIM_ASSIGN_OR_RETURN_(KELISIM_CONCAT_(kelisim_status_or_, __LINE__), lhs, expression)
#define KELISIM_ASSIGN_OR_RETURN_(temporary, lhs, expression) \
  auto temporary = (expression);                              \
  if (!temporary.ok()) return std::move(temporary).status();  \
  lhs = *std::move(temporary)
#define KELISIM_CONCAT_(a, b) KELISIM_CONCAT_INNER_(a, b)
#define KELISIM_CONCAT_INNER_(a, b) a##b

#endif  // KELISIM_SHARED_BASE_STATUS_MACROS_H_
