"""The compiler: graphs to loops, loops to native code, or to evaluation by NumPy."""
