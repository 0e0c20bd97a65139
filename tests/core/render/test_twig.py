"""Twig's syntax, as tables of text, variables and output."""

import pytest

from core.errors import RenderFailed
from core.render import Options, Value, compile_text, names

# 2026-08-02 10:05:09.25 UTC, a Sunday
NOW = 1_785_665_109_250_000


def fill(text: str, variables: dict[str, Value] | None = None, *, escape: bool = True) -> str:
    """Render one text, on a fixed day."""
    options = Options(timezone="Europe/Berlin", locale="de", now=NOW)
    return compile_text("twig", text, escape=escape).render(variables or {}, options)


PRINTED: list[tuple[str, dict[str, Value], str]] = [
    ("Hi {{ name }}", {"name": "Al"}, "Hi Al"),
    ("{{name}}", {}, ""),
    ("{{ a.b.c }}", {"a": {"b": {"c": 1}}}, "1"),
    ("{{ a.b.c }}", {"a": "text"}, ""),
    ('{{ a["x y"] }}', {"a": {"x y": "z"}}, "z"),
    ("{{ a.0 }}{{ a[1] }}{{ a.2.0 }}{{ a[9] }}{{ a[-1] }}", {"a": [1, 2, [3]]}, "123"),
    ("{{ a[key] }}", {"a": {"k": "v"}, "key": "k"}, "v"),
    ("{{ a[1:2]|join }}{{ s[:2] }}{{ s[3:] }}", {"a": [1, 2, 3, 4], "s": "hello"}, "23helo"),
    ("{{ true }}{{ false }}{{ null }}{{ t }}", {"t": True}, "11"),
    ("{{ 1.0 }} {{ 0.1 }} {{ f }}", {"f": 1e25}, "1 0.1 1.0E+25"),
    ("{{ a }}", {"a": [1]}, "Array"),
    ("{{ self }}{{ loop }}{{ environment }}{{ scope }}", {"self": 1, "scope": 2}, "12"),
    ("{{ größe }}", {"größe": 3}, "3"),
    ("{{ locale }}", {}, "de"),
    ("{{ locale }}", {"locale": "fr"}, "fr"),
    ("{{ {a: 1, 'b': 2, (k): 3, k}|json_encode|raw }}", {"k": "z"}, '{"a":1,"b":2,"z":3,"k":"z"}'),
    ("{{ [1, 'x', [true]]|json_encode|raw }}", {}, '[1,"x",[true]]'),
    (r"""{{ 'it\'s' }} {{ "a\"b\\" }}|{{ "\n\t" }}|""", {}, "it's a\"b\\|\n\t|"),
]

ESCAPED: list[tuple[str, dict[str, Value], str]] = [
    ("{{ x }}", {"x": '<a href="\'">&'}, "&lt;a href=&quot;&#039;&quot;&gt;&amp;"),
    ("{{ x|raw }}", {"x": "<b>"}, "<b>"),
    ("{{ x|raw|upper }}", {"x": "<b>"}, "&lt;B&gt;"),
    ("{{ x|e }}{{ x|escape }}{{ x|e('html') }}", {"x": "<"}, "&lt;&lt;&lt;"),
    ("{{ x|e('js') }}", {"x": "a'</é😀"}, r"a\u0027\u003C\u002F\u00E9\uD83D\uDE00"),
    ("{{ x|e('css') }}{{ x|e('url') }}{{ x|e('html_attr') }}", {"x": "a b"}, r"a\20 ba%20ba&#x20;b"),
    ("{{ '<b>' }}{{ x ? '<i>' : x }}", {"x": "y"}, "<b><i>"),
    ("{% set s = x|raw %}{{ s }}", {"x": "<b>"}, "&lt;b&gt;"),
    ("{% set s %}<b>{{ x }}</b>{% endset %}{{ s }}", {"x": "<"}, "<b>&lt;</b>"),
    ("{{ x|nl2br }}", {"x": "<a>\nb\r\nc"}, "&lt;a&gt;<br />\nb<br />\r\nc"),
    ("{% autoescape false %}{{ x }}{% endautoescape %}{{ x }}", {"x": "<"}, "<&lt;"),
    ("{% autoescape 'js' %}{{ x }}{% endautoescape %}", {"x": "'"}, r"\u0027"),
    ("{{ '<b>' ~ x }}", {"x": "<"}, "&lt;b&gt;&lt;"),
    ("{% apply upper %}<b>{{ x }}</b>{% endapply %}", {"x": "a"}, "<B>A</B>"),
    ("{% apply lower|capitalize %}ABC{% endapply %}", {}, "Abc"),
    ("{% apply replace({'a': x}) %}a-a{% endapply %}", {"x": "b"}, "b-b"),
]

OPERATORS: list[tuple[str, dict[str, Value], str]] = [
    (
        "{{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }}",
        {},
        "7 9 3 -4 1 -1",
    ),
    ("{{ 7 / 2 }} {{ 6 / 2 }} {{ 2 ** 3 ** 2 }} {{ 2 ** -1 }} {{ -2 ** 2 }}", {}, "3.5 3 512 0.5 4"),
    ("{{ '5' + 3 }} {{ x + 1 }} {{ true + 1 }} {{ '1.5' + 1 }}", {}, "8 1 2 2.5"),
    ("{{ 9223372036854775807 + 1 }}", {}, "9.223372036854776E+18"),
    ("{{ 'a' ~ 1 ~ true ~ null ~ 'b' }} {{ 1 ~ 2 + 3 }}", {}, "a11b 15"),
    ("{{ a ?? 'd' }}{{ b ?? 'd' }}{{ c.d ?? 'e' }}", {"b": ""}, "de"),
    ("{{ a ?: 'd' }}{{ b ?: 'd' }}", {"b": "x"}, "dx"),
    ("{{ a ? 'y' : 'n' }}{{ b ? 'y' : 'n' }}{{ b ? 'y' }}{{ a ? 'y' }}", {"b": 1}, "nyy"),
    ("{{ a ? 1 : b ? 2 : 3 }}", {"b": True}, "2"),
    (
        "{{ not a ? 1 : 0 }}{{ (a or b) ? 1 : 0 }}{{ (a and b) ? 1 : 0 }}{{ (a xor b) ? 1 : 0 }}",
        {"b": 1},
        "1101",
    ),
    (
        "{{ 1 == '1' }}{{ 1 == '1.0' }}{{ 0 == '' }}{{ null == false }}{{ 'a' == 0 }}{{ '01' == '1' }}",
        {},
        "1111",
    ),
    (
        "{{ 'abc' == 'abc' }}{{ 'a' != 'b' }}{{ [1] == ['1'] }}{{ {a: 1} == {a: 1} }}{{ [] == false }}",
        {},
        "11111",
    ),
    ("{{ 1 < 2 }}{{ 2 <= 2 }}{{ 'b' > 'a' }}{{ '10' > '9' }}{{ 2 >= 3 }}{{ 1 <=> 2 }}", {}, "1111-1"),
    (
        "{{ null < 1 }}{{ 'x' > 5 }}{{ [1, 2] > [1] }}{{ [1] > 'z' }}{{ 'z' < [1] }}{{ null == '' }}",
        {},
        "111111",
    ),
    (
        "{{ 'b' in 'abc' }}{{ 2 in [1, 2] }}{{ 'x' in {k: 'x'} }}{{ 3 not in [1] }}{{ 'a' in null }}",
        {},
        "1111",
    ),
    ("{{ s starts with 'he' }}{{ s ends with 'lo' }}{{ s starts with 'x' }}", {"s": "hello"}, "11"),
    ("{{ (1..4)|join(',') }} {{ ('a'..'d')|join }} {{ (3..1)|join }}", {}, "1,2,3,4 abcd 321"),
    (
        "{{ a is defined }}{{ b is defined }}{{ b.c is defined }}{{ b.d is not defined }}",
        {"b": {"c": None}},
        "111",
    ),
    ("{{ a is null }}{{ b is none }}{{ e is empty }}{{ 0 is empty }}", {"b": None, "e": []}, "111"),
    (
        "{{ 2 is even }}{{ 3 is odd }}{{ 4 is odd }}{{ 6 is divisible by(3) }}{{ 1 is same as('1') }}",
        {},
        "111",
    ),
    ("{{ [] is iterable }}{{ {} is mapping }}{{ [] is sequence }}{{ 's' is iterable }}", {}, "111"),
    ("{{ not a is defined ? 1 : 0 }}", {}, "1"),
    ("{{ -x|abs }} {{ +'3' }} {{ -'2' }}", {"x": -4}, "-4 3 -2"),
]

FILTERS: list[tuple[str, dict[str, Value], str]] = [
    (
        "{{ s|upper }} {{ s|lower }} {{ s|capitalize }} {{ s|title }}",
        {"s": "aB don't"},
        "AB DON&#039;T ab don&#039;t Ab don&#039;t Ab Don&#039;t",
    ),
    (
        "{{ a|default('x') }}{{ b|default('x') }}{{ c.d|default }}{{ z|default('x') }}",
        {"b": "", "z": 0},
        "xx0",
    ),
    (
        "{{ s|length }} {{ l|length }} {{ n|length }} {{ h|length }}",
        {"s": "été", "l": [1], "h": {"a": 1}},
        "3 1 0 1",
    ),
    (
        "{{ l|join(', ') }} {{ l|join(', ', ' and ') }} {{ l|join(glue='-') }}",
        {"l": [1, 2, 3]},
        "1, 2, 3 1, 2 and 3 1-2-3",
    ),
    (
        "{{ l|first }}{{ l|last }}{{ s|first }}{{ s|last }}{{ h|first }}{{ e|first }}",
        {"l": [1, 2], "s": "ab", "h": {"k": 9}},
        "12ab9",
    ),
    (
        "{{ 2.5|round }} {{ -2.5|round }} {{ 1.256|round(2) }} {{ 1.2|round(0, 'ceil') }} {{ 1234|round(-2) }}",
        {},
        "3 -3 1.26 2 1200",
    ),
    ("{{ 1.29|round(1, 'floor') }} {{ '3.7'|round }} {{ (-3)|abs }}", {}, "1.2 4 3"),
    (
        "{{ 9800.333|number_format }} {{ 9800.335|number_format(2) }} {{ 9800.3|number_format(2, ',', '.') }}",
        {},
        "9,800 9,800.34 9.800,30",
    ),
    (
        "{{ 1234.5|number_format(decimal=1, thousand_sep=' ') }} {{ (-1234)|number_format }} {{ 0.5|number_format }}",
        {},
        "1 234.5 -1,234 1",
    ),
    (
        "[{{ s|trim }}] [{{ s|trim(side='left') }}] [{{ 'xax'|trim('x') }}] [{{ 'xax'|trim('x', 'right') }}]",
        {"s": " a "},
        "[a] [a ] [a] [xa]",
    ),
    ("{{ s|striptags }}", {"s": "<p>a <b>b</b> 1 < 2</p>"}, "a b 1 &lt; 2"),
    (
        "{{ s|url_encode }} {{ {a: 'b c', d: 1}|url_encode }}",
        {"s": "a b/ü~"},
        "a%20b%2F%C3%BC~ a=b%20c&amp;d=1",
    ),
    ("{{ s|replace({'a': 'b', 'b': 'a', 'ab': 'x'}) }}", {"s": "a b ab"}, "b a x"),
    (
        "{{ l|slice(1, 2)|join }} {{ s|slice(-2) }} {{ s|slice(1, -1) }} {{ h|slice(1)|keys|join }}",
        {"l": [1, 2, 3], "s": "abcd", "h": {"a": 1, "b": 2}},
        "23 cd bc b",
    ),
    (
        "{{ l|sort|join }} {{ l|reverse|join }} {{ 'abc'|reverse }} {{ h|sort|keys|join }} {{ h|reverse|keys|join }}",
        {"l": [3, 1, 2], "h": {"a": 2, "b": 1}},
        "123 213 cba ba ba",
    ),
    ("{{ h|keys|join }}{{ l|keys|join }}", {"h": {"a": 1, "b": 2}, "l": [5, 6]}, "ab01"),
    ("{{ [1]|merge([2], [3])|join }} {{ {a: 1}|merge({b: 2})|keys|join }}", {}, "123 ab"),
    (
        "{{ v|json_encode|raw }}",
        {"v": {"a": [1, 1.5, None, True, "é/<"]}},
        '{"a":[1,1.5,null,true,"\\u00e9\\/<"]}',
    ),
    (
        "{{ '%s has %d of %.2f (%05d|%-4s|%4s|%\\'*5s) %2$s %%'|format('Al', '3', 1.005, 42, 'a', 'b', 'c') }}",
        {},
        "Al has 3 of 1.00 (00042|a   |   b|****c) 3 %",
    ),
    ("{{ '%+d %x %b %c %e'|format(5, 255, 5, 65, 12345.678) }}", {}, "+5 ff 101 A 1.234568e+04"),
    (
        "{{ 'a,b,c'|split(',')|join('-') }} {{ 'a,b,c'|split(',', 2)|join('-') }} {{ 'abcd'|split('', 2)|join('-') }}",
        {},
        "a-b-c a-b,c ab-cd",
    ),
    ("{% for row in [1, 2, 3]|batch(2, 'x') %}({{ row|join }}){% endfor %}", {}, "(12)(3x)"),
    ("{{ l|column('n')|join }}", {"l": [{"n": 1}, {"m": 2}, {"n": 3}]}, "13"),
    ("{{ max(1, 3, 2) }}{{ min([4, 2]) }}{{ range(0, 6, 3)|join }}{{ cycle(['a', 'b'], 3) }}", {}, "32036b"),
    ("{{ x|default([])|length }}{{ (x ?? {})|length }}", {}, "00"),
]

DATES: list[tuple[str, dict[str, Value], str]] = [
    ("{{ d|date('j F Y') }}", {"d": "2026-01-31"}, "31 January 2026"),
    ("{{ d|date('Y-m-d H:i') }}", {"d": "2026-01-31T23:30:00Z"}, "2026-02-01 00:30"),
    (
        "{{ d|date('H:i', 'America/New_York') }} {{ d|date('H:i', false) }}",
        {"d": "2026-07-31T12:00:00+05:00"},
        "03:00 12:00",
    ),
    ("{{ 0|date('Y H') }} {{ '86400'|date('j') }}", {}, "1970 01 2"),
    ("{{ 'now'|date('D, d M Y H:i:s.v') }}", {}, "Sun, 02 Aug 2026 12:05:09.250"),
    ("{{ x|date('Y') }} {{ date().x|default('-') }}", {}, "2026 -"),
    ("{{ 'today'|date('c') }} {{ 'tomorrow'|date('j') }}", {}, "2026-08-02T00:00:00+02:00 3"),
    ("{{ d|date }}", {"d": "2026-01-05 09:07:00"}, "January 5, 2026 09:07"),
    ("{{ d|date('jS l N w z t L y n') }}", {"d": "2024-02-03T04:05:06Z"}, "3rd Saturday 6 6 33 29 1 24 2"),
    ("{{ d|date('g A G h a i s u') }}", {"d": "2024-02-03T13:05:06Z"}, "2 PM 14 02 pm 05 06 000000"),
    (
        "{{ d|date('e I O P p T Z U') }}",
        {"d": "2024-02-03T04:05:06Z"},
        "Europe/Berlin 0 +0100 +01:00 +01:00 CET 3600 1706933106",
    ),
    ("{{ d|date('e I p T', false) }}", {"d": "2024-02-03T04:05:06-03:30"}, "-03:30 0 -03:30 -03:30"),
    (
        "{{ d|date('S', false) }}{{ '2024-02-11'|date('S') }}{{ '2024-02-22'|date('S') }}",
        {"d": "2024-02-01"},
        "stthnd",
    ),
    (r"{{ d|date('\\Y\\e\\a\\r Y') }}", {"d": "2024-02-03"}, "Year 2024"),
    (
        "{{ d|date('W o') }} {{ d|date('r') }}",
        {"d": "2024-12-30T00:00:00Z"},
        "01 2025 Mon, 30 Dec 2024 01:00:00 +0100",
    ),
    ("{{ d|date('Y-m-d') }}", {"d": "Fri, 21 Nov 1997 09:55:06 -0600"}, "1997-11-21"),
    (
        "{{ d|date_modify('+1 day')|date('Y-m-d') }} {{ d|date_modify('-1 month 2 weeks')|date('m-d') }}",
        {"d": "2026-01-31"},
        "2026-02-01 01-14",
    ),
    ("{{ d|date_modify('1 year ago')|date('Y') }} {{ '+1 day'|date('j') }}", {"d": "2026-01-31"}, "2025 3"),
    ("{{ date('2026-01-01') < date() ? 'past' : 'future' }}", {}, "past"),
    ("{{ d|date(timezone='UTC', format='H') }}", {"d": "2026-01-01T12:00:00+01:00"}, "11"),
]

TAGS: list[tuple[str, dict[str, Value], str]] = [
    ("{% if a %}1{% elseif b %}2{% else %}3{% endif %}", {"b": 1}, "2"),
    ("{% if a %}1{% elseif b %}2{% else %}3{% endif %}", {}, "3"),
    ("{% if a > 1 and b == 'x' %}y{% endif %}", {"a": 2, "b": "x"}, "y"),
    ("{% if '0' %}y{% else %}n{% endif %}{% if '0.0' %}y{% endif %}{% if [] %}y{% endif %}", {}, "ny"),
    ("{% for i in l %}{{ i }},{% endfor %}", {"l": [1, 2]}, "1,2,"),
    ("{% for k, v in h %}{{ k }}={{ v }};{% endfor %}", {"h": {"a": 1, "b": 2}}, "a=1;b=2;"),
    (
        "{% for i in l %}{{ loop.length }}{{ loop.first ? 'f' }}{{ loop.last ? 'l' }} {% endfor %}",
        {"l": [1, 2]},
        "2f 2l ",
    ),
    ("{% for i, v in l %}{{ i }}{{ v }}{% endfor %}", {"l": ["a", "b"]}, "0a1b"),
    ("{% for i in l %}x{% else %}none{% endfor %}", {"l": []}, "none"),
    ("{% for i in l %}x{% else %}none{% endfor %}", {"l": "text"}, "none"),
    (
        "{% for i in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }} {% endfor %}",
        {"l": [1, 2]},
        "1021 2110 ",
    ),
    (
        "{% for a in l %}{% for b in l %}{{ loop.parent.loop.index }}{{ loop.index }} {% endfor %}{% endfor %}",
        {"l": [1, 2]},
        "11 12 21 22 ",
    ),
    (
        "{% set t = 0 %}{% for i in 1..3 %}{% set t = t + i %}{% set u = i %}{% endfor %}{{ t }}{{ u }}{{ i }}",
        {},
        "6",
    ),
    ("{% for i in [1] %}{% endfor %}{{ i }}", {"i": "kept"}, "kept"),
    ("{% set a, b = 1, 2 %}{{ a }}{{ b }}", {}, "12"),
    ("{% set a %}x{{ 1 }}{% endset %}{{ a }}{{ a }}", {}, "x1x1"),
    ("{% do 1 + 1 %}{% with {a: 2} %}{{ a }}{{ b }}{% endwith %}{{ a }}", {"a": 1, "b": 3}, "231"),
    ("{% with {a: 2} only %}{{ a }}{{ b }}{% set a = 4 %}{% endwith %}{{ a }}", {"a": 1, "b": 3}, "21"),
    ("{% block a %}x{{ v }}{% endblock %}{% block b 'y' %}{% block c %}z{% endblock c %}", {"v": 1}, "x1yz"),
    ("{% block a %}{% set v = 2 %}{% endblock %}{{ v }}", {"v": 1}, "1"),
    ("{% verbatim %}{{ a }}{% if %}{% endverbatim %}!", {}, "{{ a }}{% if %}!"),
    ("a{# note {{ x }} #}b{#- trim -#} c", {}, "abc"),
    ("a {{- 1 -}} b {{~ 2 ~}} \n c", {}, "a1b2\n c"),
    ("a\n {%- if true -%} \n b \n{%- endif %}\n\nc", {}, "ab\nc"),
    ("{% if true %}\r\nx\n{% endif %}\ny\n", {}, "x\ny\n"),
    ("{{ 1 }}\n{# c #}\nx", {}, "1\nx"),
    ("{% if true\n  and true %}y{% endif %}", {}, "y"),
]


@pytest.mark.parametrize(
    ("text", "variables", "expected"), PRINTED + ESCAPED + OPERATORS + FILTERS + DATES + TAGS
)
def test_it_renders(text: str, variables: dict[str, Value], expected: str) -> None:
    """Each construct gives what Twig gives."""
    assert expected == fill(text, variables)


def test_a_subject_is_plain() -> None:
    """Without escaping a value is itself, and what was captured stays unmarked."""
    text = "{{ x }}{% set s %}{{ x }}{% endset %}{{ s }}"
    assert "<&<&" == fill(text, {"x": "<&"}, escape=False)


REFUSED = [
    ("\n{{ x|nosuch }}", 'unknown filter "nosuch"', 2),
    ("{{ nosuch() }}", 'unknown function "nosuch"', 1),
    ("a\nb\n{% nosuch %}", 'unknown tag "nosuch"', 3),
    ("{{ x is nosuch }}", 'unknown test "nosuch"', 1),
    ("{% if a %}\n\nx", '"endif" is missing', 3),
    ("{% for a b %}{% endfor %}", 'unexpected "b", expected "in"', 1),
    ("{% endif %}", 'unknown tag "endif"', 1),
    ("\n{{ a", "unclosed tag", 2),
    ("{{ a ~", "unclosed tag", 1),
    ("{{ }}", "an expression is missing", 1),
    ("{{ a b }}", 'unexpected "b", expected close', 1),
    ("{{ a) }}", 'unexpected ")"', 1),
    ("{{ (a] }}", 'unexpected "]"', 1),
    ("{{ a ; b }}", 'unexpected ";"', 1),
    ("{# never", "unclosed comment", 1),
    ("{% verbatim %}", "unclosed verbatim", 1),
    ("{{ x|date('Y', 'UTC', 1) }}", 'wrong arguments for the filter "date"', 1),
    ("{{ x|round(places=2) }}", 'wrong arguments for the filter "round"', 1),
    ("{% apply round(1, 2, 3) %}{% endapply %}", 'wrong arguments for the filter "round"', 1),
    ("{{ cycle() }}", 'wrong arguments for the function "cycle"', 1),
    ("{{ x is divisible by }}", 'wrong arguments for the test "divisible by"', 1),
    ("{{ x|filter(v => v) }}", 'unknown filter "filter"', 1),
    ("{{ x matches '/a/' }}", 'unexpected "matches", expected close', 1),
    ("{{ a.b() }}", "calling a value is not supported", 1),
    ('{{ "#{x}" }}', "interpolation in strings is not supported; use ~", 1),
    ("{% macro m() %}{% endmacro %}", 'unknown tag "macro"', 1),
    ("{% set a, b = 1 %}", "as many values as names are needed", 1),
    ("{% set a, b %}x{% endset %}", "one name takes one body", 1),
    ("{% block a %}{% endblock %}\n{% block a %}{% endblock %}", 'the block "a" is defined twice', 2),
    ("{% block a %}{% endblock b %}", 'unexpected "b", expected "a"', 1),
    ("{{ parent() }}", "parent() stands once in a block, and only there", 1),
    ("{% include x %}", "a template is named by a plain string", 1),
    ("{% autoescape 'x' %}{% endautoescape %}", 'unknown escaping strategy "x"', 1),
    ("{{ max(a=1, 2) }}", "an argument without a name after one with a name", 1),
    ("{{ [1, 2 }}", 'unexpected "}"', 1),
    ("{{ a. }}", 'unexpected "" after "."', 1),
    ("{{ " + "1" * 41 + " }}", "the number is too long", 1),
]


@pytest.mark.parametrize(("text", "reason", "line"), REFUSED)
def test_it_is_refused_before_it_is_rendered(text: str, reason: str, line: int) -> None:
    """A mistake in the text is found by compiling, with its line."""
    with pytest.raises(RenderFailed) as failed:
        compile_text("twig", text, escape=True)
    assert (reason, line) == (failed.value.reason, failed.value.line)


FAILED: list[tuple[str, dict[str, Value], str, int]] = [
    ("\n{{ 1 / x }}", {"x": 0}, "division by zero", 2),
    ("{{ 1 // 0 }}", {}, "division by zero", 1),
    ("{{ 1 % 0 }}", {}, "division by zero", 1),
    ("{{ x + 1 }}", {"x": "abc"}, "a number is needed", 1),
    ("{{ x + 1 }}", {"x": []}, "a number is needed", 1),
    ("a\n\n{% for i in l %}\n{{ i|date }}{% endfor %}", {"l": ["no date"]}, "a text is no date", 4),
    ("{{ x|date }}", {"x": {"a": 1}}, "a date is needed", 1),
    ("{{ 0|date('Y', 'No/Where') }}", {}, "unknown time zone", 1),
    ("{{ 0|date('Y', '../../etc/passwd') }}", {}, "unknown time zone", 1),
    ("{{ x|date_modify('a while') }}", {}, "a text is no change of a date", 1),
    ("{{ x|replace('a') }}", {}, "replace takes a hash", 1),
    ("{{ x|sort }}", {"x": "text"}, "a list or a hash is needed", 1),
    ("{{ x|e('nosuch') }}", {"x": "a"}, "unknown escaping strategy", 1),
    ("{{ x|trim('a', 'middle') }}", {}, 'trim knows the sides "both", "left" and "right"', 1),
    ("{{ 1|round(0, 'up') }}", {}, 'round knows the methods "common", "ceil" and "floor"', 1),
    ("{{ '%y'|format(1) }}", {}, 'unknown format directive "y"', 1),
    ("{{ max([]) }}", {}, "several values are needed", 1),
    ("{{ cycle([], 1) }}", {}, "cycle takes a list", 1),
    ("{{ range(1, 2, 0) }}", {}, "a range needs a step", 1),
    ("{% with 5 %}{% endwith %}", {}, "variables come as a hash", 1),
    ("{{ [1]|batch(0) }}", {}, "a batch has at least one item", 1),
    ("{{ x|round }}", {"x": "1e400"}, "the number is too large", 1),
    ("{{ '%d'|format(x) }}", {"x": float("inf")}, "a number is needed", 1),
    ("{{ '%5$s'|format(1) }}", {}, "a value does not fit its use", 1),
]


@pytest.mark.parametrize(("text", "variables", "reason", "line"), FAILED)
def test_it_fails_while_it_is_rendered(
    text: str, variables: dict[str, Value], reason: str, line: int
) -> None:
    """A value that does not fit is named with the line, never by a Python error."""
    with pytest.raises(RenderFailed) as failed:
        fill(text, variables)
    assert (reason, line) == (failed.value.reason, failed.value.line)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ a }}{{ b.c }}{% if d %}{% endif %}", {"a", "b", "d"}),
        ("{% for i in items %}{{ i }}{{ loop.index }}{% endfor %}", {"items"}),
        ("{% set x = y %}{{ x }}{{ locale }}", {"y"}),
        ("{% extends 'base' %}{% block a %}{{ title }}{% endblock %}", {"title"}),
        ("plain", set()),
    ],
)
def test_names_are_those_the_caller_may_give(text: str, expected: set[str]) -> None:
    """Names that the template makes itself are not asked for."""
    assert expected == names("twig", text)
