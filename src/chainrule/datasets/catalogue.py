"""Every data set that lies in files: which, how large, with which checksum, from where.

A new one is a row here and a function that turns its files into arrays.
"""

from dataclasses import dataclass

__all__ = ["CATALOGUE", "DataSet", "RemoteFile"]


@dataclass(frozen=True)
class RemoteFile:
    """One file of a data set, known to the last bit.

    Parameters
    ----------
    name : str
        Its name, in the folder and at the end of each address.
    size : int
        In bytes.
    sha256 : str
        64 lower-case hexadecimal digits.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class DataSet:
    """The files of one data set and where they come from.

    Parameters
    ----------
    folder : str
        The folder they lie in, under ``$CHAINRULE_DATA`` or the user's cache.
    files : tuple of RemoteFile
        All of them.
    addresses : tuple of str
        Each ends in a slash and is followed by a file's name; tried in this order. Empty where
        there is no stable address under an open licence.
    origin : str
        The page of those who made it.
    licence : str
        As its makers or keepers state it.
    """

    folder: str
    files: tuple[RemoteFile, ...]
    addresses: tuple[str, ...]
    origin: str
    licence: str


CATALOGUE = {
    "mnist": DataSet(
        folder="mnist",
        files=(
            RemoteFile(
                "train-images-idx3-ubyte.gz",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            RemoteFile(
                "train-labels-idx1-ubyte.gz",
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            RemoteFile(
                "t10k-images-idx3-ubyte.gz",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            RemoteFile(
                "t10k-labels-idx1-ubyte.gz",
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
        addresses=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        origin="http://yann.lecun.com/exdb/mnist/",
        licence="CC BY-SA 3.0, Yann LeCun and Corinna Cortes",
    ),
    "fashion_mnist": DataSet(
        folder="fashion-mnist",
        files=(
            RemoteFile(
                "train-images-idx3-ubyte.gz",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            RemoteFile(
                "train-labels-idx1-ubyte.gz",
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            RemoteFile(
                "t10k-images-idx3-ubyte.gz",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            RemoteFile(
                "t10k-labels-idx1-ubyte.gz",
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ),
        addresses=(
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
        origin="https://github.com/zalandoresearch/fashion-mnist",
        licence="MIT, Zalando SE",
    ),
    "notmnist": DataSet(
        folder="notmnist",
        files=(
            RemoteFile(
                "t10k-images-idx3-ubyte.gz",
                3_172_375,
                "70ae9e06201f2827e5b0a3781a3169d735dd2efc69996b9eeaee7f10ed4044d7",
            ),
            RemoteFile(
                "t10k-labels-idx1-ubyte.gz",
                5_118,
                "1fa03836e01c862542f8eb83463bb951bebec6fcb3efa28dad748c6b38a9021b",
            ),
        ),
        addresses=(),
        origin="https://github.com/davidflanagan/notMNIST-to-MNIST",
        licence="no formal one for the glyphs, by Yaroslav Bulatov",
    ),
    "letters": DataSet(
        folder="letter-recognition",
        files=(
            RemoteFile(
                "letter-recognition.data",
                712_565,
                "2b89f3602cf768d3c8355267d2f13f2417809e101fc2b5ceee10db19a60de6e2",
            ),
        ),
        addresses=(
            "https://archive.ics.uci.edu/ml/machine-learning-databases/letter-recognition/",
        ),
        origin="https://archive.ics.uci.edu/dataset/59/letter+recognition",
        licence="CC BY 4.0, David Slate",
    ),
}
