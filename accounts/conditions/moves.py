"""How an impact says which accounts an edit moves."""


def accounts_text(count: int) -> str:
    """A count of accounts: "1 account", "1,200 accounts"."""
    return "1 account" if count == 1 else f"{count:,} accounts"


def names_text(named: list[tuple[int, str]], total: int) -> str:
    """The first few of `total` accounts, given as (id, name), and how many more there are."""
    names = [name for _, name in named]
    rest = total - len(names)
    if rest > 0:
        return f"{', '.join(names)} and {rest:,} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
