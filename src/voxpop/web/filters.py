"""Small filters for templates that belong to no domain."""


def initials(name: str) -> str:
    """The first letters of the first and the last word, for example `AS` for Ann Mary Smith."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()
