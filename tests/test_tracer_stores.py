"""Containers whose keys, length or form is known at run time only, traced against plain."""

import bisect
import collections
import heapq
import math

import numpy as np

from tests.tracer_table import Table

case = Table()
V = np.arange(5.0)
W = np.array([3.0, -1, 2, 0.5, 7])
I = np.array([3, 1, 3, 2, 1, 3])
E = np.array([], dtype=int)
G = np.array([[0, 1], [1, 2], [2, 0], [3, 1], [0, 3]])


@case([5, G], [4, G[:0]])
def adjacency(n, edges):
    adj = [[] for _ in range(n)]
    for u, v in edges:
        adj[u].append(v)
        adj[v].append(u)
    return [len(a) for a in adj]


@case([5, G])
def bfs(n, edges):
    adj = [[] for _ in range(n)]
    for u, v in edges:
        adj[u].append(int(v))
        adj[v].append(int(u))
    dist = [-1] * n
    dist[0] = 0
    q = collections.deque([0])
    while q:
        u = q.popleft()
        for v in adj[u]:
            if dist[v] < 0:
                dist[v] = dist[u] + 1
                q.append(v)
    return dist


@case([[3, 1, 3, 2, 1, 3]], [[]])
def count_dict(xs):
    d = {}
    for x in xs:
        d[x] = d.get(x, 0) + 1
    return d


@case([np.array([3, 1, 3, 2, 1, 3])])
def count_np(a):
    d = {}
    for x in a:
        x = int(x)
        if x not in d:
            d[x] = 0
        d[x] += 1
    return sorted(d.items())


@case([np.array([3, 1, 3, 2, 1, 3])])
def counter(a):
    c = collections.Counter(a.tolist())
    return c.most_common(2)


@case([np.array([3, 1, 3, 2, 1, 3])])
def ddict(a):
    d = collections.defaultdict(list)
    for i, x in enumerate(a):
        d[int(x)].append(i)
    return dict(d)


@case([5, G])
def dijkstra_heap(n, edges):
    adj = collections.defaultdict(list)
    for u, v in edges.tolist():
        adj[u].append((v, abs(u - v) + 0.5))
        adj[v].append((u, abs(u - v) + 0.5))
    dist = {0: 0.0}
    heap = [(0.0, 0)]
    while heap:
        d, u = heapq.heappop(heap)
        if d > dist.get(u, np.inf):
            continue
        for v, w in adj[u]:
            nd = d + w
            if nd < dist.get(v, math.inf):
                dist[v] = nd
                heapq.heappush(heap, (nd, v))
    return dist


@case([10], [0], [1])
def fib_memo(n):
    memo = {0: 0, 1: 1}
    for i in range(2, n + 1):
        memo[i] = memo[i - 1] + memo[i - 2]
    return memo[n] if n in memo else -1


@case([[4, 2, 4, 1]], [[]])
def seen_set(xs):
    seen = set()
    out = []
    for x in xs:
        if x not in seen:
            seen.add(x)
            out.append(x)
    return out


@case([W])
def set_of(x):
    return len(set(x.tolist()))


@case([3, 4])
def listoflists(n, m):
    t = [[0] * m for _ in range(n)]
    for i in range(n):
        for j in range(m):
            t[i][j] = i * j
    return t


@case([4])
def pascal(n):
    rows = [[1]]
    for i in range(n):
        r = rows[-1]
        rows.append([1] + [r[j] + r[j + 1] for j in range(len(r) - 1)] + [1])
    return rows


@case(["kitten", "sitting"])
def lev(a, b):
    t = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) + 1):
        t[i][0] = i
    for j in range(len(b) + 1):
        t[0][j] = j
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            t[i][j] = min(t[i - 1][j] + 1, t[i][j - 1] + 1, t[i - 1][j - 1] + (a[i - 1] != b[j - 1]))
    return t[-1][-1]


@case([W])
def deque_window(x):
    w = collections.deque(maxlen=3)
    out = []
    for v in x:
        w.append(v)
        out.append(sum(w) / len(w))
    return out


@case([W])
def heapsort(x):
    h = []
    for v in x:
        heapq.heappush(h, v)
    return [heapq.heappop(h) for _ in range(len(h))]


@case([W])
def nlargest(x):
    return heapq.nlargest(2, x)


@case([W, 1.0])
def bisect_(x, v):
    s = sorted(x)
    return bisect.bisect_left(s, v)


@case([W])
def ordered(x):
    d = collections.OrderedDict()
    d["a"] = x.sum()
    d["b"] = x.max()
    return list(d.values())


@case([I], [E])
def counts_sorted(a):
    d = {}
    for x in a.tolist():
        d[x] = d.get(x, 0) + 1
    return (
        sorted(d.items(), key=lambda kv: (-kv[1], kv[0])),
        max(d, key=d.get, default=None),
        sum(d.values()),
        list(d),
        len(d),
    )


@case([I], [E])
def keys_loop(a):
    d = {}
    for i, x in enumerate(a):
        d.setdefault(int(x), []).append(i)
    out = []
    for k in sorted(d):
        out.append((k, len(d[k]), sum(d[k])))
    for k, v in d.items():
        v.append(k)
    return d, out


@case([I])
def dict_mut_err(a):
    d = {}
    for x in a.tolist():
        d[x] = 1
    for k in d:
        d[k + 10] = 2
    return d


@case([I, 9], [I, 3])
def keyerr(a, k):
    d = {}
    for x in a.tolist():
        d[x] = 1.5
    try:
        return d[k]
    except KeyError as e:
        return str(e)


@case([I, 9], [I, 3])
def keyerr2(a, k):
    d = {}
    for x in a.tolist():
        d[x] = 1.5
    return d[k]


@case([I])
def sets(a):
    s = set(a.tolist())
    t = {2, 5}
    s.add(9)
    s.discard(1)
    s |= {7}
    return (
        sorted(s | t),
        sorted(s & t),
        sorted(s - t),
        sorted(s ^ t),
        9 in s,
        len(s),
        s.issubset({1, 2, 3, 7, 9}),
        s == {1},
    )


@case([I, [4, 5]])
def frozen(a, l):
    seen = set()
    for i in range(len(a) - 1):
        key = (int(a[i]), int(a[i + 1]))
        if key in seen:
            return i
        seen.add(key)
    return -1


@case([W], [W[:0]], [W[:1]])
def heap_tuple(x):
    h = []
    for i, v in enumerate(x):
        heapq.heappush(h, (v, i))
    out = []
    while h:
        v, i = heapq.heappop(h)
        out.append(i)
    return out


@case([W], [W[:0]])
def pop_empty(x):
    q = collections.deque(x)
    return q.popleft(), q.pop(), len(q)


@case([W])
def stack(x):
    st = []
    for v in x:
        while st and st[-1] < v:
            st.pop()
        st.append(v)
    return st


@case([10], [0], [1], [2])
def sieve(n):
    is_p = [True] * (n + 1)
    for i in range(2, n + 1):
        if is_p[i]:
            for j in range(i * i, n + 1, i):
                is_p[j] = False
    return [i for i in range(2, n + 1) if is_p[i]]


@case([4])
def matrix_mult(n):
    a = [[i + j for j in range(n)] for i in range(n)]
    b = [[i * j for j in range(n)] for i in range(n)]
    c = [[0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            for k in range(n):
                c[i][j] += a[i][k] * b[k][j]
    return c, np.array(c), [list(r) for r in zip(*c)]


@case([3])
def zip_star(n):
    a = [[i * j for j in range(n)] for i in range(n)]
    return [sum(c) for c in zip(*a)]


@case([[[1, 2], [3, 4]]], [[[1.5]]])
def transpose_arg(m):
    return [[row[i] for row in m] for i in range(len(m[0]))]


@case([[[1, 2], [3, 4]], 1])
def write_arg(m, k):
    m[k][0] = 9
    return m


@case([[[1, 2], [3, 4]]])
def write_arg2(m):
    for i in range(len(m)):
        for j in range(len(m[i])):
            m[i][j] *= 2
    return sum(map(sum, m))


@case([{"a": 1, "b": 2}, "a"])
def dict_arg(d, k):
    d[k] += 1
    return d


@case([5])
def memo_rec(n):
    memo = {}

    def fib(k):
        if k < 2:
            return k
        if k not in memo:
            memo[k] = fib(k - 1) + fib(k - 2)
        return memo[k]

    return fib(n)


@case([5, G])
def dfs_iter(n, edges):
    g = {i: set() for i in range(n)}
    for u, v in edges:
        g[int(u)].add(int(v))
        g[int(v)].add(int(u))
    seen = []
    stack = [0]
    vis = set()
    while stack:
        u = stack.pop()
        if u in vis:
            continue
        vis.add(u)
        seen.append(u)
        for v in sorted(g[u], reverse=True):
            if v not in vis:
                stack.append(v)
    return seen


@case([6])
def collatz_cache(n):
    best = (0, 0)
    cache = {1: 1}
    for i in range(1, n):
        k = i
        path = []
        while k not in cache:
            path.append(k)
            k = k // 2 if k % 2 == 0 else 3 * k + 1
        c = cache[k]
        for p in reversed(path):
            c += 1
            cache[p] = c
        best = max(best, (cache[i], i))
    return best


@case([[5, 3, 8, 1]], [[]], [[2]])
def bubble(l):
    l = list(l)
    n = len(l)
    for i in range(n):
        for j in range(n - 1 - i):
            if l[j] > l[j + 1]:
                l[j], l[j + 1] = l[j + 1], l[j]
    return l


@case([I, 2.0])
def dict_arrays(a, k):
    d = {}
    for x in a.tolist():
        d[x] = np.full(2, k * x)
    return sum(d[i] for i in d), d


@case([W])
def list_arrays_none(x):
    best = None
    hist = []
    for v in x:
        if best is None or v > best:
            best = v
            hist.append((v, None))
        else:
            hist.append((v, best))
    return hist


@case([[3, 1, 2], [30, 10, 20]])
def dict_zip(a, b):
    return dict(zip(a, b)), {k: v for k, v in zip(a, b)}


@case([5])
def dict_comp_n(n):
    return {i: i * i for i in range(n)}


@case([W])
def lru_dict(x):
    od = collections.OrderedDict()
    for v in x.tolist():
        k = int(v)
        if k in od:
            od.move_to_end(k)
        od[k] = v
        if len(od) > 3:
            od.popitem(last=False)
    return list(od.items())


@case([W])
def deque_rot(x):
    d = collections.deque(x.tolist(), maxlen=4)
    d.rotate(1)
    d.appendleft(0.0)
    return list(d), d[0], d[-1], d.maxlen, sum(d), max(d), np.mean(d), np.array(d)


@case([[1, 2, 3], 2])
def pop_insert(l, k):
    l = list(l)
    l.insert(k, 9)
    l.remove(1)
    l.pop(0)
    l.extend([4, 5])
    l.reverse()
    l[1:2] = [7, 7]
    del l[0]
    return l, l.index(7), l.count(7), 9 in l, l + [1], l * 2, l[::2]


@case([6])
def perm_gen(n):
    res = []

    def rec(path, k):
        if k == 0:
            res.append(path)
            return
        for i in range(2):
            rec(path + [i], k - 1)

    rec([], 3)
    return res


@case([4])
def nqueens(n):
    sols = []

    def place(row, cols):
        if row == n:
            sols.append(tuple(cols))
            return
        for c in range(n):
            if all(c != cc and abs(c - cc) != row - r for r, cc in enumerate(cols)):
                place(row + 1, cols + [c])

    place(0, [])
    return sols


@case([4, 11])
def coin(n, amount):
    dp = [0] + [math.inf] * amount
    for a in range(1, amount + 1):
        for c in (1, 4, 5):
            if c <= a:
                dp[a] = min(dp[a], dp[a - c] + 1)
    return dp[amount]


@case([W, W[::-1]])
def tuple_keys(x, y):
    d = {}
    for i in range(len(x)):
        for j in range(len(y)):
            d[i, j] = x[i] * y[j]
    return d[1, 2], len(d), sum(d.values())


@case([I])
def repeated_by_numpy_integers(a):
    counts = [0] * (max(a) + 1)
    for v in a:
        counts[v] += 1
    return counts, (1, 2) * a[1], a[0] * [0.5]


@case([W], [W[:0]], [W[:1]])
def special_methods_by_name(x):
    items = x.tolist()
    order = sorted(range(len(items)), key=items.__getitem__)
    return order, list(map(x.__getitem__, order)), x.__len__(), abs(x).__abs__()


@case([[3, 1, 4, 1, 5, 9, 2, 6]], [[]], [[1]])
def merge_sort(items):
    def merge(a, b):
        r, i, j = [], 0, 0
        while i < len(a) and j < len(b):
            if a[i] <= b[j]:
                r.append(a[i])
                i += 1
            else:
                r.append(b[j])
                j += 1
        return r + a[i:] + b[j:]

    runs = [[x] for x in items]
    while len(runs) > 1:
        runs = [merge(runs[i], runs[i + 1]) if i + 1 < len(runs) else runs[i] for i in range(0, len(runs), 2)]
    return runs[0] if runs else []


@case([4], [0], [1])
def from_generators(n):
    real = np.fromiter((k * k for k in range(n)), dtype=float)
    return real, np.fromiter((complex(k, 1) for k in range(n)), dtype=complex, count=n)


@case([V, I])
def store_arg(x, a):
    d = {}
    for k in a.tolist():
        d[k] = x
    return d, x


@case([V, I], refused="written, then kept in a container")
def store_written_arg(x, a):
    x += 1
    d = {}
    for k in a.tolist():
        d[k] = x
    return d


@case([V, I])
def store_view(x, a):
    d = {}
    for k in a.tolist():
        d[k] = x[k:]
    return d


@case([V, I])
def store_made(x, a):
    y = x * 2
    d = {}
    for k in a.tolist():
        d[k] = y
    return y, d


@case([V, I], refused="kept in a container is written")
def write_after(x, a):
    y = x * 2
    d = {}
    for k in a.tolist():
        d[k] = y
    y[0] = 9
    return d


@case([V, I])
def shared_lists(x, a):
    d = {}
    l = [0.5]
    for k in a.tolist():
        d[k] = l
    l.append(1.5)
    return d, l


@case([V, I])
def swap_rows(x, a):
    m = [[0] * 3 for _ in range(3)]
    for k in a.tolist():
        m[0], m[k % 3] = m[k % 3], m[0]
        m[0][1] += k
    return m


@case([V, I])
def alias_rows(x, a):
    m = [[0] * 3] * 3
    for k in a.tolist():
        m[k % 3][0] += k
    return m


@case([I, 5], [I, 2])
def raised(a, k):
    d = {}
    try:
        for v in a.tolist():
            d[v] = d.get(v, 0) + 1
            if d[v] > 1 and v < k:
                raise ValueError(f"twice {v}")
    except ValueError as e:
        return d, str(e)
    return d, None


@case([I])
def union_vals(a):
    d = {}
    for i, v in enumerate(a.tolist()):
        if i % 2:
            d[v] = i
        else:
            d[v] = i / 2
    return d, [type(v) is int for v in d.values()], sum(d.values())


@case([I])
def none_vals(a):
    d = {}
    for v in a.tolist():
        d[v] = None if v > 2 else v
    n = 0
    for k, v in d.items():
        if v is None:
            n += 1
        else:
            n += v
    return d, n


class S:
    def __init__(self):
        self.seen = {}
        self.hist = []

    def add(self, v):
        self.seen[v] = self.seen.get(v, 0) + 1
        self.hist.append((v, self.seen[v]))


@case([I])
def in_object(a):
    s = S()
    for v in a.tolist():
        s.add(v)
    return s.seen, s.hist


@case([I])
def obj_out(a):
    s = S()
    for v in a.tolist():
        s.add(v)
    return s


@case([3, 0], [0, 0], [5, 1])
def branch_store(n, k):
    if k:
        d = {i: 1 for i in range(n)}
    else:
        d = {i: 2.0 for i in range(n)}
    d[100 + n] = 3
    return d


@case([4])
def loop_new(n):
    prev = {0: 1}
    for i in range(n):
        cur = {}
        for k in prev:  # noqa: PLC0206
            cur[k + 1] = cur.get(k + 1, 0) + prev[k]
            cur[k] = cur.get(k, 0) + prev[k]
        prev = cur
    return prev


@case([2**62, 3])
def bigint(a, n):
    d = {}
    for i in range(n):
        d[i] = a * (i + 1)
    return d, sum(d.values())


@case([["b", "a", "b"]])
def strs(l):
    d = {}
    for s in l:
        d[s] = d.get(s, 0) + 1
    return d


@case([I])
def eqd(a):
    d = {}
    e = {}
    for v in a.tolist():
        d[v] = 1
        e[v] = 1
    return d == e, d != e, d == {1: 1}, list(d) == list(e), d is e, d is d


@case([I])
def dq(a):
    q = collections.deque(maxlen=2)
    try:
        for v in a.tolist():
            q.append(v)
            if v == 2:
                q.clear()
                q.pop()
    except IndexError as e:
        return str(e), len(q)


@case([np.array([1, 2])], [np.array([], int)])
def unpack_store(a):
    d = collections.deque(a.tolist())
    x, y = d
    return x + y


@case([6])
def nested_d(n):
    g = {}
    for i in range(n):
        g.setdefault(i % 2, {})[i] = [i]
    for k in g:  # noqa: PLC0206
        for j in g[k]:
            g[k][j].append(k)
    return g


test_same = case.test()
