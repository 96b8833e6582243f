import collections


def report(text, most):
    """The most frequent words of a text, and what letters they begin with, as a table."""
    words = [w.strip(".,").lower() for w in text.split()]
    counts = collections.Counter(words)
    initials = {}
    for word in sorted(set(words)):
        initials.setdefault(word[0], []).append(word)
    lines = []
    total = 0
    for word, n in counts.most_common(most):
        total += n
        lines.append(f"{word:<8}|{n:3d} {'#' * n}")
    longest = max(words, key=len, default="")
    return "\n".join(lines), total, {k: len(v) for k, v in initials.items()}, longest


# --- how the test-suite calls it
PROGRAM = report
SIZES = (1, 4, 20)
BENCH = 400
SCAN = False


def make_inputs(size):
    names = ["a rose.", "is", "Red,", "and", "rose", "is a", "Rose.", "blue"]
    return (" ".join(names[(k * k + 1) % 8] for k in range(size)), 3), {}


def check(result, before, after):
    assert result[1] <= sum(result[2].values()) * len(before[0])
