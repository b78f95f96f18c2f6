"""JSON that breaks plain views: each as the value of a property of one event.

Made here by rule: numbers, texts and nestings at the edges of what parsers and
databases take. `GOOD` must be accepted and come back equal, `BAD` refused with
a reason, `BROKEN` is no JSON, so that the whole request is refused.
"""

GOOD_NUMBERS = [
    *("0", "-0", "-0.0", "1", "-1", "1.0", "1.5", "0.1", "1e0", "1E+2", "1e-7", "123456789012345678901234567890"),
    *("2147483648", "-2147483649", "9007199254740993", "9223372036854775808", "18446744073709551616"),
    *("1.7976931348623157e308", "-1.7976931348623157e308", "5e-324", "1e-400", "1e23", "3.141592653589793238"),
    "9" * 4000,
]
GOOD_TEXTS = [
    *(
        '""',
        '" "',
        r'"\""',
        r'"\\"',
        r'"\/"',
        r'"\b\f\n\r\t"',
        r'"é"',
        r'"\u00e9"',
        '"日本語"',
        r'"\ud83d\ude00"',
        '"😀"',
    ),
    *(r'"\\u0000"', r'"\\\\u0000"', r'"\u0001"', r'"\u007f"', r'"\u2028\u2029"', r'"\ufeff"', r'"\uffff"', '"\ufdd0"'),
    *('"</script><script>alert(1)</script>"', '"\'; DROP TABLE accounts_event; --"', '"{{7*7}}"', '"%s %(rows)s %%"'),
    *('"NaN"', '"null"', '"true"', '"\u202ereversed"', '"e\u0301"', '"' + "x" * 30_000 + '"'),
]
GOOD_SHAPES = [
    *("null", "true", "false", "[]", "{}", "[[]]", "[{}]", '{"": 1}', '{"a": {"a": {"a": []}}}', "[1, [2, [3]]]"),
    *(
        '{"a": 1, "a": 2}',
        '{"__proto__": {"x": 1}, "constructor": 1}',
        '{"\\u0061": 1}',
        '{"a b": 1, "a.b": 2, "$a": 3}',
    ),
    *(
        "[" * 50 + "]" * 50,
        '{"a":' * 50 + "1" + "}" * 50,
        "[" + ",".join(["1"] * 5000) + "]",
        "[" + ",".join(["[]"] * 999) + "]",
    ),
    '{"position": 7, "message_id": "other", "properties": {}}',
]
GOOD = GOOD_NUMBERS + GOOD_TEXTS + GOOD_SHAPES

BAD = {
    "bad_number": ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e999999999", "[1, NaN]", '{"a": [1e309]}'],
    "bad_text": [
        *(r'"\u0000"', r'"a\u0000b"', r'"\\\u0000"', r'{"\u0000": 1}', r'[[["\u0000"]]]'),
        *(r'"\ud800"', r'"\udc00"', r'"\ude00\ud83d"', r'"\ud800\ud800"', r'"\ud83dx"', r'{"\udfff": 1}'),
    ],
    "too_deep": ["[" * n + "]" * n for n in (65, 100, 500)] + ['{"a":' * n + "1" + "}" * n for n in (65, 100, 400)],
    "event_too_large": ['"' + "x" * 33_000 + '"', "[" + ",".join(["12345"] * 7000) + "]", '"' + "é" * 17_000 + '"'],
}

BROKEN = [
    *(
        b"",
        b" ",
        b"[",
        b"]",
        b"{",
        b"[1",
        b"[1,]",
        b"[,1]",
        b"[1 2]",
        b'{"a"}',
        b'{"a":}',
        b'{"a":1,}',
        b"{a:1}",
        b"{1:1}",
    ),
    *(b"'a'", b'"a', b'a"', b'"\\x41"', b'"\\u00"', b'"\\u{41}"', b'"\n"', b'"\t"', b'"\x00"', b'"\x1f"'),
    *(
        b"01",
        b"+1",
        b".5",
        b"5.",
        b"1e",
        b"1e+",
        b"--1",
        b"0x10",
        b"1_000",
        b"nan",
        b"inf",
        b"True",
        b"None",
        b"undefined",
    ),
    *(
        b"tru",
        b"nulll",
        b"// x\n1",
        b"/* x */ 1",
        b"1 // x",
        b"\xff",
        b'"\xff"',
        b'"\xc0\xaf"',
        b'"\xed\xa0\x80"',
        b'"\xf4\x90\x80\x80"',
    ),
    *(
        b'"\xe2\x82"',
        b"\x00",
        b"\xef\xbb\xbf",
        b"9" * 5000,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 2000 + b"]" * 2000,
    ),
]
