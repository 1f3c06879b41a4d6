"""Directives of the site's own extensions, tried by themselves."""


class Part:
    """What a directive puts on a page, HTML and Markdown, made without a site."""

    def __init__(self, directive, monkeypatch, file, argument=None):
        noted = []
        monkeypatch.setattr(directive, "file", file)
        monkeypatch.setattr(directive, "env", type("Env", (), {"note_dependency": staticmethod(noted.append)}), raising=False)
        monkeypatch.setattr(directive, "parse_text_to_nodes", lambda self, text: [text])
        made = directive.__new__(directive)
        made.arguments = [argument] if argument else []
        *self.pictures, self.text = (each if isinstance(each, str) else each.astext() for each in made.run())
        assert noted == [str(file)], "the page is made anew when the file changes"
