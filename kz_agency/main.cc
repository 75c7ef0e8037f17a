#include "kz_agency/profile.h"
#include "shared/node/service.h"

int main(int argc, char** argv) { return kelisim::node::RunService(argc, argv, kelisim::kz::KzProfile()); }
