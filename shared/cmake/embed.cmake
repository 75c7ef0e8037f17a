# Writes OUTPUT, a C++ source with FUNCTION() returning the bytes of INPUT.
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUTPUT} "#include <string_view>
namespace kelisim {
std::string_view ${FUNCTION}();
std::string_view ${FUNCTION}() {
  static constexpr unsigned char kBytes[] = {${bytes}0};
  return {reinterpret_cast<const char*>(kBytes), sizeof(kBytes) - 1};
}
}  // namespace kelisim
")
