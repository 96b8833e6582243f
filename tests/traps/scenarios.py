"""Traps of what is outside the function: globals, cells, classes, modules and defaults that change between calls."""

import numpy as np

from tests.traps import Scenario

X = np.array([3.0, 1.0, 2.0])

SCENARIOS = (
    Scenario(
        "global_number",
        "a global number is read at each call",
        "k = 2\ndef f(x):\n    return x * k",
        (X,),
        ("k = 3", "k = 3.5", "k = True", "k = -0.0", "k = 0.0", "k = float('nan')", "del k"),
    ),
    Scenario(
        "global_zero",
        "0.0 and -0.0 are equal and not the same, as a condition too",
        "k = (0.0, 1)\ndef f(x):\n    return x * k[0], k",
        (X,),
        ("k = (-0.0, 1)", "k = (0.0, True)", "k = (0, 1)", "k = (0.0, 1)"),
    ),
    Scenario(
        "default_zero",
        "in a default, a dict, an attribute and a cell as well",
        """
        import types
        table, box, cell = {"a": 0.0}, types.SimpleNamespace(a=0.0), 0.0
        def make():
            c = 0.0
            def get():
                return c
            def put(v):
                nonlocal c
                c = v
            return get, put
        get, put = make()
        def f(x, d=0.0):
            return x * d, x * table["a"], x * box.a, x * get()
        """,
        (X,),
        ("f.__defaults__ = (-0.0,)", "table['a'] = -0.0", "box.a = -0.0", "put(-0.0)", "put(0j)"),
    ),
    Scenario(
        "nan_global",
        "NaN is not equal to itself, but one version serves it",
        "k = float('nan')\nt = (k, 2.0)\ndef f(x):\n    return x * k, t[0] * t[1]",
        (X,),
        ("pass", "k = float('nan')", "t = (k, 2.0)", "t = (1.0, 2.0)"),
        versions=2,
    ),
    Scenario(
        "global_kind",
        "a global of another kind",
        "k = 1\ndef f(x):\n    return x + k, k",
        (np.array([1, 2], np.int8),),
        ("k = 1.0", "k = True", "import numpy as np; k = np.int64(1)", "k = None"),
    ),
    Scenario(
        "global_array",
        "a global array is read at each call, and may be another",
        "import numpy as np\nw = np.arange(3.0)\ndef f(x):\n    return x * w",
        (X,),
        (
            "w[0] = 9",
            "w = np.ones(3, np.float32)",
            "w = np.ones((2, 3))",
            "w = np.ones(1)",
            "w = np.ones(2)",
            "w = [1, 2, 3]",
        ),
    ),
    Scenario(
        "global_array_written",
        "a global array that the function writes is written",
        "import numpy as np\nw = np.zeros(3)\nv = None\ndef f(x):\n    w[:] += x\n    return w.sum(), w is v",
        (X,),
        ("pass", "v = w", "w = np.zeros(3)"),
    ),
    Scenario(
        "global_list",
        "a global list is what it is at the call",
        "a = [1, 2]\ndef f(x):\n    return [x * v for v in a], len(a)",
        (X,),
        ("a.append(3)", "a[0] = 2.5", "a.clear()", "a = (1,)"),
    ),
    Scenario(
        "global_list_grows",
        "a list outside that the function appends to",
        "a = []\ndef f(x):\n    a.append(x.sum())\n    return len(a), a[-1]",
        (X,),
        ("pass", "a.pop()", "a = [1]"),
    ),
    Scenario(
        "global_dict",
        "the order of a global dict's keys",
        "d = {'a': 1, 'b': 2}\ndef f(x):\n    return [k for k in d], sum(d.values()) * x",
        (X,),
        ("d = {'b': 2, 'a': 1}", "d['c'] = 5", "del d['a']", "d['c'] = 6"),
    ),
    Scenario(
        "global_bound_later",
        "a name that hides a builtin from now on",
        "def f(x):\n    return sum(x), abs(-2)",
        (X,),
        ("sum = max", "abs = lambda v: v", "del sum"),
    ),
    Scenario(
        "helper_replaced",
        "a helper that is another from now on",
        "def g(x):\n    return x + 1\ndef f(x):\n    return g(x)",
        (X,),
        ("g = lambda x: x * 2", "def g(x, k=5):\n    return x - k", "g.__defaults__ = (6,)", "g = abs"),
    ),
    Scenario(
        "helper_code",
        "a helper whose code is exchanged",
        "def g(x):\n    return x + 1\ndef h(x):\n    return x * 2\ndef f(x):\n    return g(x)",
        (X,),
        ("g.__code__ = h.__code__",),
    ),
    Scenario(
        "function_attribute",
        "an attribute of a function",
        "def g(x):\n    return x + g.k\ng.k = 1\ndef f(x):\n    return g(x), g.k",
        (X,),
        ("g.k = 2", "g.k = 2.5", "del g.k"),
    ),
    Scenario(
        "method_replaced",
        "a method that is replaced on its class",
        "class A:\n    def m(self, x):\n        return x + 1\na = A()\ndef f(x):\n    return a.m(x)",
        (X,),
        ("A.m = lambda self, x: x * 2", "a.m = lambda x: x - 1", "del a.m", "del A.m"),
    ),
    Scenario(
        "inherited_method",
        "a method that a subclass gets from now on, or its base",
        """
        class A:
            def m(self, x):
                return x + 1
        class B(A):
            pass
        b = B()
        def f(x):
            return b.m(x)
        """,
        (X,),
        ("A.m = lambda self, x: x * 2", "B.m = lambda self, x: x - 1", "del B.m"),
    ),
    Scenario(
        "base_exchanged",
        "a class whose bases are exchanged, an object whose class is",
        """
        class A:
            def m(self, x):
                return x + 1
        class C:
            def m(self, x):
                return x * 3
        class B(A):
            pass
        class D(C):
            pass
        b = B()
        def f(x):
            return b.m(x)
        """,
        (X,),
        ("B.__bases__ = (C,)", "B.__bases__ = (A,)", "b.__class__ = D"),
    ),
    Scenario(
        "special_method",
        "operators and properties that are replaced on their class",
        """
        class A:
            def __add__(self, x):
                return x + 1
            def __len__(self):
                return 3
            @property
            def p(self):
                return 5
        a = A()
        def f(x):
            return a + 2, len(a), a.p * x, bool(a)
        """,
        (X,),
        (
            "A.__add__ = lambda self, x: x * 2",
            "A.__len__ = lambda self: 4",
            "A.p = property(lambda self: 6)",
            "A.__bool__ = lambda self: False",
            "A.p = 7",
            "del A.__add__",
        ),
    ),
    Scenario(
        "attribute_hooks",
        "a class that gets hooks for its attributes",
        "class A:\n    pass\na = A()\na.k = 2\ndef f(x):\n    a.n = a.k + 1\n    return x * a.k, a.n",
        (X,),
        (
            "A.__getattribute__ = lambda self, name: 9 if name == 'k' else object.__getattribute__(self, name)",
            "del A.__getattribute__",
            "A.__setattr__ = lambda self, name, v: object.__setattr__(self, name, v * 2)",
        ),
    ),
    Scenario(
        "class_attribute",
        "an attribute of the class, until the object has its own",
        "class A:\n    k = 1\na = A()\ndef f(x):\n    return x * a.k",
        (X,),
        ("A.k = 2", "A.k = 2.5", "a.k = 3", "A.k = 4", "del a.k", "del A.k"),
    ),
    Scenario(
        "class_attribute_counted",
        "a.n += 1 reads the class's attribute and makes the object's own",
        "class A:\n    n = 1\na = A()\ndef f(x):\n    a.n += 1\n    return a.n, A.n, 'n' in vars(a)",
        (X,),
        ("pass", "A.n = 10", "del a.n"),
    ),
    Scenario(
        "method_of_made",
        "a class of objects that the function makes",
        "class A:\n    def __init__(self, x):\n        self.x = x\n    def m(self):\n        return self.x + 1\ndef f(x):\n    return A(x).m()",
        (X,),
        ("A.m = lambda self: self.x * 2", "A.__init__ = lambda self, x: setattr(self, 'x', -x)"),
    ),
    Scenario(
        "static_and_class_methods",
        "a method that becomes static, or the class's",
        "class A:\n    k = 2\n    def m(self, x):\n        return x * self.k\na = A()\ndef f(x):\n    return a.m(x)",
        (X,),
        ("A.m = staticmethod(lambda x: x)", "A.m = classmethod(lambda cls, x: x * cls.k)", "A.k = 5"),
    ),
    Scenario(
        "module_reloaded",
        "a module that is loaded again has other functions and numbers, in the same module object",
        """
        import importlib, pathlib
        name = __name__ + "_helper"
        file = pathlib.Path(__file__).with_name(name + ".py")
        file.write_text("k = 2\\ndef g(x):\\n    return x + k\\n")
        helper = importlib.import_module(name)
        def f(x):
            return helper.g(x) * helper.k
        """,
        (X,),
        (
            "file.write_text('k = 33\\ndef g(x):\\n    return x - k\\n'); importlib.reload(helper)",
            "file.write_text('k = 4.5\\ndef g(x):\\n    return x\\n'); importlib.reload(helper)",
        ),
    ),
    Scenario(
        "module_attribute",
        "a number in another module",
        "import types\nm = types.ModuleType('m')\nm.k = 2\ndef f(x):\n    return x * m.k",
        (X,),
        ("m.k = 3", "m.k = 0.5", "m = types.SimpleNamespace(k=7)", "del m.k"),
    ),
    Scenario(
        "default_array",
        "an array as default is one array for all calls",
        "import numpy as np\ndef f(x, counts=np.zeros(2)):\n    counts[0] += 1\n    return x * counts[0]",
        (X,),
        ("pass", "f.__defaults__[0][:] = 7", "f.__defaults__ = (np.ones(3),)"),
    ),
    Scenario(
        "default_list",
        "a list as default is one list for all calls",
        "def f(x, kept=[]):\n    kept.append(x.sum())\n    return len(kept), list(kept)",
        (X,),
        ("pass", "f.__defaults__[0].clear()", "f.__defaults__ = ([1],)"),
    ),
    Scenario(
        "cell_changes",
        "a variable of the function around that another function binds",
        """
        def make():
            k = 1
            def f(x):
                return x * k
            def put(v):
                nonlocal k
                k = v
            return f, put
        f, put = make()
        """,
        (X,),
        ("put(2)", "put(2.5)", "put(True)", "put(None)"),
    ),
    Scenario(
        "cell_written",
        "a variable of the function around that the function counts with",
        """
        def make():
            n = 0
            def f(x):
                nonlocal n
                n += 1
                return x * n
            def put(v):
                nonlocal n
                n = v
            return f, put
        f, put = make()
        """,
        (X,),
        ("pass", "put(2.5)", "pass", "put(2**63 - 1)"),
    ),
    Scenario(
        "global_written",
        "a global name that the function binds",
        "n = 0\ndef f(x):\n    global n, last\n    n += 1\n    last = x\n    return n",
        (X,),
        ("assert last.sum() == 6", "n = 1.5", "assert n == 3.5", "del n"),
    ),
    Scenario(
        "aliased_globals",
        "two names of one array, and then of two",
        "import numpy as np\na = np.zeros(3)\nb = a\ndef f(x):\n    a[0] += 1\n    return b[0] + x, a is b",
        (X,),
        ("b = np.zeros(3)", "a = b", "b = a[:]"),
        # the last runs plain: what overlaps partly
    ),
    Scenario(
        "aliased_in_list",
        "one array twice in a list, and then two",
        "import numpy as np\nu = np.zeros(2)\na = [u, u]\ndef f(x):\n    a[0][0] += 1\n    return a[1][0] * x, a[0] is a[1]",
        (X,),
        ("a = [u, u.copy()]", "a = [u, u]"),
    ),
    Scenario(
        "enum_and_flags",
        "a text, an enum, None: conditions of the version",
        "import enum\nclass E(enum.Enum):\n    A = 1\n    B = 2\nmode = E.A\ndef f(x):\n    return x if mode is E.A else x * 2 if mode == 'b' else None",
        (X,),
        ("mode = E.B", "mode = 'b'", "mode = None", "mode = E.A"),
    ),
    Scenario(
        "dtype_and_function",
        "a dtype and a function of NumPy's as globals",
        "import numpy as np\nt, g = np.float32, np.add\ndef f(x):\n    return g(x.astype(t), 1)",
        (X,),
        ("t = 'i2'", "g = np.multiply", "t = np.dtype('c8')"),
    ),
    Scenario(
        "slots_and_deleted",
        "an attribute that is deleted raises, with Python's text",
        "class A:\n    __slots__ = ('k',)\na = A()\na.k = 2\ndef f(x):\n    return x * a.k",
        (X,),
        ("a.k = 3", "del a.k", "a.k = 1.5"),
    ),
)
