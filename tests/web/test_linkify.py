"""Links in plain text: which characters belong to a URL, escaping, and linear time."""

import time

import pytest

from voxpop.web.linkify import linkify


def link(address: str) -> str:
    return f'<a href="{address}" rel="nofollow noreferrer">{address}</a>'


X = "https://x.test"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("no address", "no address"),
        (X, link(X)),
        (f"See {X}/a?b=1#c", f"See {link(X + '/a?b=1#c')}"),
        ("See http://x.test/a.", f"See {link('http://x.test/a')}."),
        (f"({X}/a), then", f"({link(X + '/a')}), then"),
        (f"“{X}”…", f"“{link(X)}”…"),
        (f"{X}/a.b?!", f"{link(X + '/a.b')}?!"),
        (f"{X}/a_(b)_c", link(X + "/a_(b)_c")),
        (f"{X}/wiki/Sphinx_(doc)", link(X + "/wiki/Sphinx_(doc)")),
        (f"({X}/Sphinx_(doc))", f"({link(X + '/Sphinx_(doc)')})"),
        (f"({X}/Sphinx_(doc).)", f"({link(X + '/Sphinx_(doc)')}.)"),
        (f"[{X}/a[1]].", f"[{link(X + '/a[1]')}]."),
        (f"{X}/((a)", link(X + "/((a)")),
        (f"{X}/a)(b)", link(X + "/a)(b)")),
        (f"{X}/a()).", f"{link(X + '/a()')})."),
        (f"{X}/{{id}}, «{X}/«a»»", f"{link(X + '/{id}')}, «{link(X + '/«a»')}»"),
        (f"（{X}/a（b））。", f"（{link(X + '/a（b）')}）。"),
        (f"{X}/a(b]", f"{link(X + '/a(b')}]"),
        (f"{X}/a\n{X}/b", f"{link(X + '/a')}\n{link(X + '/b')}"),
        (f"{X}/a,{X}/b", link(f"{X}/a,{X}/b")),
        (f"{X}/?a=1&b=<i>", f"{link(X + '/?a=1&amp;b=')}&lt;i&gt;"),
        (f'{X}/"onclick="x', f"{link(X + '/')}&#34;onclick=&#34;x"),
        (f"{X}/'onclick='x", link(f"{X}/&#39;onclick=&#39;x")),
        ("<script>", "&lt;script&gt;"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("data:text/html,x ftp://x.test //x.test", "data:text/html,x ftp://x.test //x.test"),
        ("javascript:alert('https://x.test')", f"javascript:alert(&#39;{link(X)}&#39;)"),
        ("{0} {} %s", "{0} {} %s"),
    ],
)
def test_urls_become_links(text: str, html: str) -> None:
    assert str(linkify(text)) == html


def cpu_seconds(text: str) -> float:
    """The least CPU time of five runs."""
    times = []
    for _ in range(5):
        began = time.process_time()
        linkify(text)
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.parametrize(
    "text",
    [")" * 50_000, f"{X}/{')' * 50_000}x", f"{X}/{'(' * 25_000}{')' * 25_000}", "http://" * 7000, f"{X}/) " * 3000],
)
def test_time_is_linear_in_the_length_of_the_text(text: str) -> None:
    ordinary = cpu_seconds("word word " * 5_000 + X) + cpu_seconds(f"{X}/a " * 3_000)
    assert cpu_seconds(text) < 20 * ordinary
