"""Catalogue of the data sets in files: names, sizes, checksums, addresses, licences.

A new one is an entry here and a function that loads its files.
"""

from dataclasses import dataclass

__all__ = ["CATALOGUE", "DataSet", "RemoteFile"]


@dataclass(frozen=True)
class RemoteFile:
    """One file of a data set with its checksum, or one folder of files.

    Parameters
    ----------
    name : str
        Its name, in the folder and in addresses.
    size : int
        In bytes; of a folder, the total.
    sha256 : str
        64 lower-case hexadecimal digits. Of a folder, of the text that ``sha256sum`` prints for its
        files in alphabetical order.
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
        Their folder, under ``$CHAINRULE_DATA`` or the user's cache.
    files : tuple of RemoteFile
        All of them.
    addresses : tuple of str
        URLs, tried in this order; to those ending in a slash a file's name is appended. Empty where
        there is no stable address under an open licence.
    origin : str
        The page of its authors.
    licence : str
        As its authors state it.
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
    "california_housing": DataSet(
        folder="california-housing",
        files=(
            RemoteFile(
                "cal_housing.tgz",
                441_963,
                "aaa5c9a6afe2225cc2aed2723682ae403280c4a3695a2ddda4ffb5d8215ea681",
            ),
        ),
        addresses=(
            "https://ndownloader.figshare.com/files/5976036",
            "https://www.dcc.fc.up.pt/~ltorgo/Regression/",
        ),
        origin="https://www.dcc.fc.up.pt/~ltorgo/Regression/cal_housing.html",
        licence="none stated; from StatLib, R. Kelley Pace and Ronald Barry",
    ),
    "cifar10": DataSet(
        folder="cifar-10",
        files=(
            RemoteFile(
                "cifar-10-binary.tar.gz",
                170_052_171,
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            ),
        ),
        addresses=("https://www.cs.toronto.edu/~kriz/",),
        origin="https://www.cs.toronto.edu/~kriz/cifar.html",
        licence="none stated; Alex Krizhevsky, Vinod Nair and Geoffrey Hinton",
    ),
    "churn": DataSet(
        folder="churn",
        files=(
            RemoteFile(
                "Churn_Modelling.csv",
                674_857,
                "ee2a5c9d8daf3aed0d91c4d883a84ebb77d271447bebc0f0c80aafb0f288ceab",
            ),
        ),
        addresses=(),
        origin="https://github.com/cemayan/Churn-Example/tree/b2dd566ae805b515b520ef9cc00ee4c050bc7212/data",
        licence="none stated; a sample for teaching by SuperDataScience",
    ),
    "prices": DataSet(
        folder="prices",
        files=(
            RemoteFile(
                "sp500-2000.csv",
                415_968,
                "9409e9342d0657c747324e4cfabce8a8c7f663bc485b95a3378f36b0a160f8c8",
            ),
        ),
        addresses=(),
        origin="https://github.com/vega/vega-datasets/tree/cad85578e232704bb0453544742440038038c6a2/data",
        licence="none stated; prices as published by Yahoo Finance",
    ),
    "airline": DataSet(
        folder="timeseries",
        files=(
            RemoteFile(
                "airline-passengers.csv",
                2_180,
                "8cb51be753a718d9be5d76d7e238cc224792754676adc21faa59e954b0201621",
            ),
        ),
        addresses=(),
        origin="https://github.com/jbrownlee/Datasets",
        licence="none stated; Box & Jenkins, Time Series Analysis, series G",
    ),
    "sunspots": DataSet(
        folder="timeseries",
        files=(
            RemoteFile(
                "monthly-sunspots.csv",
                45_039,
                "c4ec8cc57d9f6fb6ecdb3e1f37f25b6f4badd5124c55931052b0cd2fc3bc71f3",
            ),
        ),
        addresses=(),
        origin="https://github.com/jbrownlee/Datasets",
        licence="none stated; Andrews & Herzberg, Data",
    ),
    "spoken_digits": DataSet(
        folder="speech",
        files=(
            RemoteFile(
                "recordings",
                21_128_848,
                "04e1baae96c6a26e39c623f2b01d0182ddae627ba0ac02a3cdc17ba2af99fd9b",
            ),
        ),
        addresses=(),  # three thousand small files: clone the repository
        origin="https://github.com/Jakobovski/free-spoken-digit-dataset/tree/26eb9aaf76e81b692f806f9140c2d2777410d7a1",
        licence="CC BY-SA 4.0, Zohar Jackson and others",
    ),
    "shakespeare": DataSet(
        folder="tinyshakespeare",
        files=(
            RemoteFile(
                "input.txt",
                1_115_394,
                "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            ),
        ),
        addresses=(
            "https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/",
        ),
        origin="https://github.com/karpathy/char-rnn",
        licence="the plays are in the public domain; collected by Andrej Karpathy (MIT)",
    ),
    "photos": DataSet(
        folder="photos",
        files=(
            RemoteFile(
                "camera.png",
                139_512,
                "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
            ),
            RemoteFile(
                "chelsea.png",
                240_512,
                "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
            ),
            RemoteFile(
                "coins.png",
                75_825,
                "f8d773fc9cfa6f4d8e5942dc34d0a0788fcaed2a4fefbbed0aef5398d7ef4cba",
            ),
        ),
        addresses=(
            "https://raw.githubusercontent.com/scikit-image/scikit-image/cd0a3d22b9f359f05618d75d5c7a29b91b4951ca/src/_skimage2/data/",
        ),
        origin="https://github.com/scikit-image/scikit-image",
        licence="CC0 by Lav Varshney (camera) and Stéfan van der Walt (chelsea); "
        "no known copyright restrictions, Brooklyn Museum (coins)",
    ),
}
