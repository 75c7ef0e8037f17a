#!/usr/bin/env python3
"""The layers of ARCHITECTURE.md hold.

On Debian all headers are visible to all targets, so a wrong #include compiles.
Here every #include is compared with the edges that shared/*/CMakeLists.txt
declare, and with the few rules about who may use what.

    tests/layering_test.py            check this repository (after a self-test)
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

TOP_LEVEL = {
    "ARCHITECTURE.md", "CMakeLists.txt", "CMakePresets.json", "CONTRIBUTING.md", "LICENSE", "README.md",
    "deploy", "kz_agency", "proto", "ru_service", "shared", "tests",
}
# Made by a build; ignored by git.
BY_BUILD = re.compile(r"^(\..*|build(-.*)?|compile_commands\.json)$")

LAYER = {
    "base": 0, "crypto": 1, "treaty": 1, "tlog": 2, "text": 2, "ledger": 3, "authority": 4,
    "dossier": 5, "web": 5, "testing": 6, "rpc": 6, "node": 7, "cli": 7,
}
PARTIES = ("kz_agency", "ru_service")
CORE = {name for name, layer in LAYER.items() if layer <= LAYER["authority"]}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.MULTILINE)
MODULE_CALL = re.compile(r"kelisim_module\(\s*(\w+)([^)]*)\)")
KEYWORDS = {"SOURCES", "DEPS", "TESTS", "TEST_DEPS", "LIBS"}

ROCKSDB = re.compile(r"^rocksdb/")
GRPC = re.compile(r"^grpc(pp|\+\+)?/|\.grpc\.pb\.h$")
GRPC_USERS = ("shared/rpc/", "shared/node/", "shared/cli/", "tests/", "kz_agency/", "ru_service/")
CLOCK_OR_CHANCE = {
    "absl/random/random.h", "absl/time/clock.h", "chrono", "ctime", "random", "shared/base/ports.h",
    "sys/random.h", "sys/time.h", "time.h",
}
THREADS = re.compile(r"^(atomic|barrier|condition_variable|future|latch|mutex|semaphore|shared_mutex|stop_token"
                     r"|thread|pthread\.h|absl/synchronization/.*)$")
# The vault and the stores are called from several threads and say so.
THREAD_USERS = re.compile(r"^shared/ledger/(vault|witness_book|\w*store)\.")


def parse_module(text):
    """The keyword lists of the kelisim_module() call, or None when there is none."""
    call = MODULE_CALL.search(re.sub(r"#.*", "", text))
    if not call:
        return None
    lists = {keyword: [] for keyword in KEYWORDS}
    current = None
    for word in call.group(2).split():
        if word in KEYWORDS:
            current = word
        elif current:
            lists[current].append(word)
    return call.group(1), lists


def parse_modules(files):
    modules = {}
    for path, text in files.items():
        if re.fullmatch(r"shared/\w+/CMakeLists\.txt", path):
            module = parse_module(text)
            if module:
                modules[module[0]] = module[1]
    return modules


def is_test(path, modules):
    folder, name = path.rsplit("/", 1)
    listed = modules.get(folder.split("/")[-1], {}).get("TESTS", [])
    of_test = name.endswith("_test.cc") or name == "testing.h" or re.sub(r"\.h$", ".cc", name) in listed
    return path.startswith("tests/") or of_test


def check_edges(modules):
    for name, lists in sorted(modules.items()):
        where = f"shared/{name}/CMakeLists.txt"
        if name not in LAYER:
            yield f"{where}: module {name} has no layer; give it one in tests/layering_test.py and ARCHITECTURE.md"
            continue
        for dep in lists["DEPS"]:
            if dep not in LAYER:
                yield f"{where}: {dep} is no module"
            elif LAYER[dep] >= LAYER[name]:
                yield f"{where}: {name} (layer {LAYER[name]}) may not use {dep} (layer {LAYER[dep]})"


def check_include(path, included, modules):
    """What is wrong with one #include, or None."""
    top, *rest = path.split("/")
    module = rest[0] if top == "shared" and len(rest) > 1 else None
    test = is_test(path, modules)

    target = re.match(r"shared/(\w+)/", included)
    if module and target and target.group(1) != module:
        lists = modules.get(module, {})
        allowed = set(lists.get("DEPS", []))
        if test:
            allowed |= set(lists.get("TEST_DEPS", [])) | {"testing"}
        if target.group(1) not in allowed:
            return f"{target.group(1)} is not among the DEPS of shared/{module}/CMakeLists.txt"
    if target and target.group(1) == "testing" and module != "testing" and not test:
        return "shared/testing is for tests only"
    for party in PARTIES:
        if included.startswith(party + "/") and top not in (party, "tests"):
            return f"{party} is that state's own; what both need belongs in shared/"
    if ROCKSDB.search(included) and module != "ledger":
        return "RocksDB is used in shared/ledger only, behind ledger::Store"
    if GRPC.search(included) and not path.startswith(GRPC_USERS):
        return "gRPC is used in shared/rpc and above only"
    if module == "treaty" and not test and included in CLOCK_OR_CHANCE:
        return "the treaty is pure: it is given the date and asks for no chance"
    if module in CORE and not test and THREADS.match(included) and not THREAD_USERS.match(path):
        return "the core is single-threaded: threads belong in shared/rpc and shared/node"
    return None


def check_includes(files, modules):
    for path, text in sorted(files.items()):
        if not path.endswith((".cc", ".h")):
            continue
        for match in INCLUDE.finditer(text):
            problem = check_include(path, match.group(1), modules)
            if problem:
                line = text.count("\n", 0, match.start()) + 1
                yield f"{path}:{line}: includes {match.group(1)}: {problem}"


def check_top_level(names):
    for name in sorted(set(names) - TOP_LEVEL):
        if not BY_BUILD.match(name):
            yield f"{name}: not one of the agreed names at the top; see ARCHITECTURE.md"
    for name in sorted(TOP_LEVEL - set(names)):
        yield f"{name}: missing at the top"


def violations(files, names):
    modules = parse_modules(files)
    return [*check_top_level(names), *check_edges(modules), *check_includes(files, modules)]


def read_tree(root):
    files = {}
    for top in sorted(TOP_LEVEL):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                if name.endswith((".cc", ".h")) or name == "CMakeLists.txt":
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as file:
                        files[os.path.relpath(path, root)] = file.read()
    return files


# A small house without a fault, and one fault at a time.
SOUND = {
    "shared/base/CMakeLists.txt": "kelisim_module(base\n  SOURCES a.cc)",
    "shared/treaty/CMakeLists.txt": "kelisim_module(treaty SOURCES t.cc DEPS base TESTS t_test.cc)",
    "shared/ledger/CMakeLists.txt": "kelisim_module(ledger SOURCES l.cc DEPS base TESTS l_test.cc crash.cc)",
    "shared/rpc/CMakeLists.txt": "kelisim_module(rpc SOURCES r.cc\n  DEPS base treaty  # ledger\n)",
    "shared/treaty/t.cc": '#include <string>\n#include "shared/base/a.h"\n#include "shared/treaty/t.h"\n',
    "shared/treaty/t_test.cc": '#include <random>\n#include "shared/testing/x.h"\n',
    "shared/ledger/crash.h": "#include <mutex>\n",
    "shared/ledger/rocks_store.cc": '#include <mutex>\n#include "rocksdb/db.h"\n',
    "shared/rpc/r.cc": '#include <thread>\n#include "grpcpp/server.h"\n#include "shared/treaty/t.h"\n',
    "kz_agency/main.cc": '#include "kz_agency/profile.h"\n#include "shared/node/run.h"\n',
    "tests/two.cc": '#include "kz_agency/profile.h"\n#include "ru_service/profile.h"\n',
}
FAULTS = [
    ("shared/rpc/r.cc", '#include "shared/ledger/l.h"', "not among the DEPS"),
    ("shared/treaty/t.cc", '#  include "shared/ledger/l.h"', "not among the DEPS"),
    ("shared/treaty/t_test.cc", '#include "shared/ledger/l.h"', "not among the DEPS"),
    ("shared/treaty/t.cc", '#include "shared/testing/x.h"', "not among the DEPS"),
    ("kz_agency/main.cc", '#include "shared/testing/x.h"', "for tests only"),
    ("kz_agency/main.cc", '#include "ru_service/profile.h"', "that state's own"),
    ("shared/rpc/r.cc", '#include "kz_agency/profile.h"', "that state's own"),
    ("shared/rpc/r.cc", "#include <rocksdb/db.h>", "RocksDB"),
    ("tests/two.cc", '#include "rocksdb/db.h"', "RocksDB"),
    ("shared/ledger/l.cc", "#include <grpc/grpc.h>", "gRPC"),
    ("shared/ledger/l.cc", '#include "kelisim/v1/case_service.grpc.pb.h"', "gRPC"),
    ("shared/treaty/t.cc", "#include <chrono>", "pure"),
    ("shared/treaty/t.cc", '#include "shared/base/ports.h"', "pure"),
    ("shared/ledger/log.cc", "#include <mutex>", "single-threaded"),
    ("shared/base/a.cc", '#include "absl/synchronization/mutex.h"', "single-threaded"),
    ("shared/base/CMakeLists.txt", "kelisim_module(base SOURCES a.cc DEPS ledger)", "may not use ledger"),
    ("shared/new/CMakeLists.txt", "kelisim_module(new SOURCES n.cc)", "has no layer"),
]


def top_level(root):
    """What git has there; what somebody has put beside it is his own. Without git, all."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False).stdout
    return {path.split("/")[0] for path in tracked.split("\0") if path} or set(os.listdir(root))


def self_test():
    names = TOP_LEVEL | {".git", "build", "build-release"}
    failures = [f"self-test: the sound house is refused: {v}" for v in violations(SOUND, names)]
    for path, text, expected in FAULTS:
        found = violations({**SOUND, path: text + "\n"}, names)
        if len(found) != 1 or expected not in found[0] or path not in found[0]:
            failures.append(f"self-test: {path} with {text!r}: expected {expected!r}, found {found}")
    for wrong in (names | {"src"}, names - {"proto"}):
        if len(violations(SOUND, wrong)) != 1:
            failures.append(f"self-test: top level {sorted(wrong ^ names)} is not noticed")
    return failures


def main():
    failures = self_test()
    files = read_tree(ROOT)
    modules = parse_modules(files)
    if set(modules) != set(LAYER):
        failures.append(f"modules found: {sorted(modules)}; expected: {sorted(LAYER)}")
    failures += violations(files, top_level(ROOT))
    for failure in failures:
        print(failure)
    if not failures:
        print(f"{len(files)} files of {len(modules)} modules keep to their layers.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
