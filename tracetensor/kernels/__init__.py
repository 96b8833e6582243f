"""C texts become loaded code: the compiler, the cache on disk, and the thread that does both in the background."""
