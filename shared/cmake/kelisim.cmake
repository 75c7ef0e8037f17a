# The build rules of the project: one library per module, one test program per
# module, embedded text files.

# Flags for our own code. Generated code is compiled without them.
add_library(kelisim_flags INTERFACE)
target_compile_options(kelisim_flags INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wnull-dereference -Werror
  -fstack-protector-strong -fcf-protection)
target_compile_definitions(kelisim_flags INTERFACE _GLIBCXX_ASSERTIONS $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
target_include_directories(kelisim_flags INTERFACE ${CMAKE_SOURCE_DIR})

# Lines and functions for a backtrace. Who wants to see variables builds with Debug.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
# For the files of tests: they run once, and what they test is optimised.
set(KELISIM_TEST_OPTIONS "$<$<CONFIG:RelWithDebInfo>:-O0;-U_FORTIFY_SOURCE>")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # In its depend mode: otherwise it reads the headers of every file that it does not have
  # once more, which is a good part of compiling it.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_DEPEND=1 ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

# kelisim_module(<name> [UNITY] SOURCES ... DEPS ... [TESTS ...] [TEST_DEPS ...] [LIBS ...])
#
# Library kelisim_<name> from SOURCES, and program <name>_test from TESTS.
# DEPS are the modules this one may include (checked by tests/layering_test.py);
# LIBS are libraries that are not ours.
# UNITY: up to eight files are compiled as one, because most of the time of compiling one
# goes into the headers of gRPC and of generated code. What such files define in unnamed
# namespaces must not clash; -D KELISIM_UNITY=OFF compiles each for itself, which rebuilds
# sooner after a change of one file.
option(KELISIM_UNITY "Compile the files of some modules together" ON)
function(kelisim_module name)
  cmake_parse_arguments(ARG "UNITY" "" "SOURCES;DEPS;TESTS;TEST_DEPS;LIBS" ${ARGN})
  list(TRANSFORM ARG_DEPS PREPEND kelisim_)
  if(ARG_UNITY AND KELISIM_UNITY)
    set(CMAKE_UNITY_BUILD ON)
  endif()
  add_library(kelisim_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(kelisim_${name} PUBLIC ${ARG_DEPS} ${ARG_LIBS} kelisim_flags)
  if(ARG_TESTS)
    list(TRANSFORM ARG_TEST_DEPS PREPEND kelisim_)
    add_executable(${name}_test ${ARG_TESTS})
    target_link_libraries(${name}_test PRIVATE kelisim_${name} ${ARG_TEST_DEPS} GTest::gmock GTest::gtest_main)
    target_compile_options(${name}_test PRIVATE ${KELISIM_TEST_OPTIONS})
    add_test(NAME ${name}_test COMMAND ${name}_test)
  endif()
endfunction()

# kelisim_embed(<target> <function> <file>): compiles the text of <file> into
# <target> as `std::string_view kelisim::<function>()`.
function(kelisim_embed target function file)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${function}.cc)
  get_filename_component(path ${file} ABSOLUTE)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${path} -DOUTPUT=${source} -DFUNCTION=${function}
            -P ${CMAKE_SOURCE_DIR}/shared/cmake/embed.cmake
    DEPENDS ${path} ${CMAKE_SOURCE_DIR}/shared/cmake/embed.cmake)
  target_sources(${target} PRIVATE ${source})
endfunction()
