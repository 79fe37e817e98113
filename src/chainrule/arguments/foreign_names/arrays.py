"""Attributes of arrays, as traced values answer them under ``grad`` and ``jit``."""

from chainrule.arguments.foreign_names.subject import Subject

__all__ = ["SUBJECTS"]

ARRAY = Subject(
    "Arrays",
    ours="x.{}",
    theirs={"": "x.{}"},
    table="""
torch  permute  -> transpose
torch  dim  -> ndim
torch  numel  -> size
torch  clone  -> copy
torch  t  -> it is x.T
torch  detach  -> chainrule.stop_gradient(x) is without a derivative
torch,keras  numpy  -> arrays are NumPy's already; leave it out
torch  cpu cuda to contiguous  -> arrays are NumPy's, on the CPU; leave it out
torch  float double half  -> convert by x.astype(float)
torch  long int  -> convert by x.astype(int)
torch  unsqueeze  -> np.expand_dims(x, 0) inserts an axis, as x[None] does
torch  backward grad requires_grad requires_grad_  -> write a function of x, and use chainrule.grad
torch,keras  abs exp log sqrt sin cos tanh matmul pow norm  -> functions of arrays are NumPy's, as
       np.tanh(x)
torch  relu  -> np.maximum(x, 0) is this function
torch  sigmoid softmax  -> write it in NumPy, as 1 / (1 + np.exp(-x)), or use
       nn.Activation("sigmoid")
torch  cat stack  -> np.concatenate and np.stack join arrays
torch  masked_fill  -> np.where(mask, value, x) is this function
torch  gather  -> np.take_along_axis is this function
torch  zero_ fill_ add_ mul_  -> assign to x[...], or write x += 1
jax  at  -> assign, as in x[0] = 1.0
pandas  values to_numpy  -> it is an array already; leave it out
""",
)

SUBJECTS = {"arrays": ARRAY}
