#!/usr/bin/env python3
"""What people read is written cleanly.

* Nothing is left for later: no to-do marks in any file.
* In Kazakh and Russian texts no word mixes Latin and Cyrillic letters. Such a
  word looks right and is found by no search.
* Catalogues and samples are in Unicode normal form C, as the protocol demands.
* Every text of a catalogue has all three languages.
* One concept has one word: a reader takes two words for two things.
* Every key that the code names has a text, and so has every word by which a rule
  says what it found, and every role.

    tests/text_test.py                check this repository (after a self-test)
"""

import os
import re
import sys
import unicodedata

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SKIPPED = re.compile(r"^(\.git|\.run|\.cache|__pycache__|build(-.*)?)$")

# In two parts: this file must pass, too.
LEFT_FOR_LATER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")
TEXT = re.compile(r'\b(kk|ru|en): ("(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*)')
TEXTS = re.compile(r"\b(?:text|remedy|act)\s*:?\s*\{([^{}]*)\}")
KEYED = re.compile(r'\b(?:key|id): "([^"]+)"')
# "form.iin_check", or "told.internal," before what is added to it; not a file, and not one of a test.
KEY_LITERAL = re.compile(r'"((?:form|ui|help|step|found|warn|reason|reissue|audit|flaw|dossier|not_judged|told|role|type)\.[A-Za-z_0-9]+)(?:,[^"]*)?"')
# Who may call; told as "role." and its name.
ROLES = re.compile(r"\benum Role \{([^}]*)\}")
ROLE = re.compile(r"\b([A-Z_]+) = [1-9]")
# What was found, as the last of three: Violates("4.1", "", "number").
FOUND = re.compile(r'\bViolates\((?!"exchange)[^;]*?, *(?:absl::StrCat\()?"([a-z_]+)(?:"\)|:"[^;]*\))')
FOUND_KEYS = ("found.", "field.", "action.")
WORD = re.compile(r"[^\W\d_]+")
# How a word begins that is not used, the one that is, and the texts where it means something else.
OTHER_WORDS = {
    "kk": [
        ("айна(?!л)", "көшірме", ()),
        ("деклар", "мәлімдеме", ()),
        ("досье", "дерекнама", ()),
        ("ереже", "қағида", ("12.2b",)),
        ("зақым", "бүлінген", ()),
        ("көлем", "өлшем (of a ledger)", ("ui.size", "ui.attachment_size", "ui.message_too_large")),
        ("қалта", "каталог", ()),
        ("қосымша қол", "растайтын қолтаңба", ()),
        ("мерзімді әскери", "міндетті әскери қызмет", ()),
        ("мигрант", "қоныс аударушы еңбекші", ()),
        ("норма", "қағида", ("14.1", "15.2")),
        ("отбасы басшысы", "қоныс аударушы", ()),
        ("сотталушы", "сотталған", ()),
        ("тапсыр", "беру", ("step.property.submit_declaration",)),
        ("түбір сертификат", "түбірлік сертификат", ()),
        ("түйін", "қызмет", ()),
        ("хеш", "хэш", ()),
        ("шығарушы", "дайындаған Тарап", ()),
        ("экспорт", "дайындаған Тарап", ()),
    ],
    "ru": [
        ("выгру[жз]", "подготовить (досье)", ()),
        ("глав[аыеу] семьи", "переселенец", ()),
        ("зеркал", "копия журнала другой Стороны", ()),
        ("норм", "правило", ("14.1", "15.2")),
        ("папк", "каталог", ()),
        ("свободн[а-я]+ вол", "добровольность", ()),
        ("соподпис", "заверяющая подпись", ()),
        ("узел|узл", "служба", ()),
        ("хеш", "хэш", ()),
        ("экспорт", "подготовившая Сторона", ()),
    ],
}


def script(letter):
    return unicodedata.name(letter, "").split(" ")[0]


def mixes_scripts(word):
    return {"LATIN", "CYRILLIC"} <= {script(letter) for letter in word}


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def check_marks(path, text):
    for match in LEFT_FOR_LATER.finditer(text):
        yield f"{path}:{line_of(text, match.start())}: {match.group()}: do it, or say in an issue what is missing"


def check_form(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if unicodedata.normalize("NFC", line) != line:
            yield f"{path}:{number}: is not in normal form C"


def check_words(path, text, first_line=1):
    for match in WORD.finditer(text):
        if mixes_scripts(match.group()):
            letters = " ".join(f"{c}={script(c)[:3]}" for c in match.group())
            yield f"{path}:{first_line + line_of(text, match.start()) - 1}: mixes scripts: {letters}"


def check_other_words(path, text, match):
    lang, told = match.group(1), re.sub(r'"\s*"', "", match.group(2))
    for begin, use, elsewhere in OTHER_WORDS[lang]:
        if re.search(rf"\b(?:{begin})", told, re.IGNORECASE):
            keys = KEYED.findall(text, 0, match.start())
            if not keys or keys[-1] not in elsewhere:
                yield f"{path}:{line_of(text, match.start())}: {lang} has another word for this: {use}, not {begin}"


def check_catalogue(path, text):
    for match in TEXT.finditer(text):
        if match.group(1) != "en":
            yield from check_words(path, match.group(2), line_of(text, match.start()))
            yield from check_other_words(path, text, match)
    for match in TEXTS.finditer(text):
        languages = [lang for lang, words in TEXT.findall(match.group(1)) if WORD.search(words)]
        if languages != ["kk", "ru", "en"]:
            yield f"{path}:{line_of(text, match.start())}: has {languages} instead of kk, ru, en"


def check(path, text):
    yield from check_marks(path, text)
    if path.endswith(".textproto"):
        yield from check_form(path, text)
        yield from check_catalogue(path, text)
    if path.endswith(".json"):
        yield from check_form(path, text)
        yield from check_words(path, text)


def check_keys(path, text, keys):
    if not path.endswith((".cc", ".h")) or "_test." in path:
        return
    for match in KEY_LITERAL.finditer(text):
        if match.group(1) not in keys:
            yield f"{path}:{line_of(text, match.start())}: {match.group(1)} has no text in any catalogue"


def check_roles(path, text, keys):
    if not path.endswith(".proto"):
        return
    for roles in ROLES.finditer(text):
        for role in ROLE.findall(roles.group(1)):
            if f"role.{role}" not in keys:
                yield f"{path}:{line_of(text, roles.start())}: role.{role} has no text in any catalogue"


def check_found(path, text, keys):
    if "shared/treaty/" not in path or "_test." in path:
        return
    for match in FOUND.finditer(text):
        if not any(family + match.group(1) in keys for family in FOUND_KEYS):
            yield f"{path}:{line_of(text, match.start())}: found \"{match.group(1)}\" has no text in any catalogue"


def read_tree(root):
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not SKIPPED.match(name)]
        for name in names:
            path = os.path.join(folder, name)
            try:
                with open(path, encoding="utf-8") as file:
                    yield os.path.relpath(path, root), file.read()
            except UnicodeDecodeError:
                pass  # not a text


GOOD = 'text {\n  kk: "Өтінішхат"\n  ru: "Ходатайство, форма A"\n  en: "Petition"\n}\n'
FAULTS = [
    ("a.cc", "// TO" + "DO: later\n", ":1: TO" + "DO"),
    ("README.md", "one\nFIX" + "ME\n", ":2: FIX" + "ME"),
    ("a.textproto", GOOD.replace("Ходатайство", "Xодатайство"), ":3: mixes scripts"),
    ("a.textproto", GOOD.replace("Өтінішхат", "Өтiнішхат"), ":2: mixes scripts"),
    ("a.textproto", GOOD.replace("форма", "форма\" \n  \"фoрма"), ":4: mixes scripts"),
    ("a.textproto", GOOD.replace("форма", "и\u0306"), ":3: is not in normal form C"),
    ("a.textproto", GOOD.replace('  kk: "Өтінішхат"\n', ""), "instead of kk, ru, en"),
    ("a.textproto", GOOD.replace("Petition", ""), "instead of kk, ru, en"),
    ("a.json", '{"surname": "Примeров"}', ":1: mixes scripts"),
    ("a.textproto", GOOD.replace("Өтінішхат", "Бұл ережелер"), ":2: kk has another word for this: қағида"),
    ("a.textproto", GOOD.replace("Өтінішхат", "Екінші қосымша \"\n  \"қолтаңба"), ":2: kk has another word"),
    ("a.textproto", GOOD.replace("Ходатайство", "Папка"), ":3: ru has another word for this: каталог"),
    ("a.textproto", 'id: "14.2"\n' + GOOD.replace("форма", "нормы"), ":4: ru has another word for this: правило"),
]


def self_test():
    failures = [f"self-test: the good text is refused: {found}" for found in check("a.textproto", GOOD)]
    treaty = 'id: "14.1"\n' + GOOD.replace("форма", "нормы")
    failures += [f"self-test: a word of the treaty is refused: {found}" for found in check("a.textproto", treaty)]
    for path, text, expected in FAULTS:
        found = list(check(path, text))
        if len(found) != 1 or expected not in found[0]:
            failures.append(f"self-test: {path}: expected {expected!r}, found {found}")
    keys = set(KEYED.findall('messages {\n  key: "form.a"\n}\nrules {\n  id: "step.b"\n}\n'))
    code = 'return Is("form.a") || Is("step.b") ? "" : "form.c";\n'
    found = list(check_keys("a.cc", code, keys))
    if len(found) != 1 or "form.c" not in found[0]:
        failures.append(f"self-test: a key without text: found {found}")
    found = list(check_keys("a.cc", 'Told("form.a,"); Told("told.b,role."); Told("told.c,"); Is("role.D");\n', keys))
    if len(found) != 3 or any(key not in line for key, line in zip(("told.b", "told.c", "role.D"), found)):
        failures.append(f"self-test: keys before what is added, and of a role: found {found}")
    found = list(check_roles("a.proto", "enum Role {\n  ROLE_UNSPECIFIED = 0;\n  A = 1;\n  B = 12;\n}\n", {"role.A"}))
    if len(found) != 1 or "role.B" not in found[0]:
        failures.append(f"self-test: a role without text: found {found}")
    keys = {"found.unknown", "field.number"}
    code = ('Violates("a", "", "unknown"); Violates("a", kHead, "number"); Violates(Rule("b"), "", "colour");\n'
            'Violates("a", "", absl::StrCat("size:", 7)); Violates("exchange.format", "", "x");\n')
    found = list(check_found("shared/treaty/a.cc", code, keys))
    if len(found) != 2 or "colour" not in found[0] or "size" not in found[1]:
        failures.append(f"self-test: words without text: found {found}")
    return failures


def main():
    failures = self_test()
    read = catalogues = texts = 0
    tree = list(read_tree(ROOT))
    keys = {key for path, text in tree if path.endswith(".textproto") for key in KEYED.findall(text)}
    for path, text in tree:
        read += 1
        if path.endswith(".textproto"):
            catalogues += 1
            texts += len(TEXTS.findall(text))
        failures += check(path, text)
        failures += check_keys(path, text, keys)
        failures += check_roles(path, text, keys)
        failures += check_found(path, text, keys)
    if catalogues < 2 or texts < 100:
        failures.append(f"found {texts} texts in {catalogues} catalogues: is this the repository?")
    for failure in failures:
        print(failure)
    if not failures:
        print(f"{read} files, {texts} texts in three languages.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
