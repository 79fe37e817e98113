"""Tables that are part of scikit-learn: iris, wine, breast cancer."""

from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import DATASET_ALIASES
from chainrule.arguments.checks import checked_flag
from chainrule.arguments.keywords import answers_foreign_names

__all__ = ["breast_cancer", "iris", "load_embedded", "wine"]

Columns = dict[str, NDArray[np.float64]]
Labels = NDArray[np.int64]


@overload
def iris(as_columns: Literal[False] = False) -> tuple[NDArray[np.float64], Labels]: ...
@overload
def iris(as_columns: Literal[True]) -> tuple[Columns, Labels]: ...
@answers_foreign_names(DATASET_ALIASES)
def iris(as_columns: bool = False) -> tuple[Any, Labels]:
    """Load 150 flowers of three species of iris, without download.

    They are part of scikit-learn, the extra ``sklearn``. The rows are sorted by class: `data.split`
    shuffles them.

    Parameters
    ----------
    as_columns : bool
        Whether X is a dict of columns by name, as `data.Table` takes it.

    Returns
    -------
    X : array, float64, (150, 4), in cm; or dict of str to array, (150,)
        ``sepal length (cm)``, ``sepal width (cm)``, ``petal length (cm)``, ``petal width (cm)``.
    y : array, int64, (150,), in 0 .. 2
        Setosa, versicolor, virginica.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    References
    ----------
    Fisher (1936), "The use of multiple measurements in taxonomic problems", Annals of Eugenics
    7(2), 179-188.

    Examples
    --------
    >>> X, y = iris()
    >>> X[0], y[0]
    (array([5.1, 3.5, 1.4, 0.2]), np.int64(0))
    >>> table, y = iris(as_columns=True)
    >>> list(table)[0]
    'sepal length (cm)'
    """
    return _table("iris", as_columns)


@overload
def wine(as_columns: Literal[False] = False) -> tuple[NDArray[np.float64], Labels]: ...
@overload
def wine(as_columns: Literal[True]) -> tuple[Columns, Labels]: ...
@answers_foreign_names(DATASET_ALIASES)
def wine(as_columns: bool = False) -> tuple[Any, Labels]:
    """Load 178 wines of three cultivars, each with 13 results of chemical analysis.

    They are part of scikit-learn, the extra ``sklearn``. The rows are sorted by class; the scales
    of the columns differ a thousandfold: `data.Table` scales them.

    Parameters
    ----------
    as_columns : bool
        Whether X is a dict of columns by name, as `data.Table` takes it.

    Returns
    -------
    X : array, float64, (178, 13); or dict of str to array, (178,)
        ``alcohol``, ``malic_acid``, ``ash``, ``alcalinity_of_ash``, ``magnesium``,
        ``total_phenols``, ``flavanoids``, ``nonflavanoid_phenols``, ``proanthocyanins``,
        ``color_intensity``, ``hue``, ``od280/od315_of_diluted_wines``, ``proline``.
    y : array, int64, (178,), in 0 .. 2
        The cultivar.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    References
    ----------
    Aeberhard & Forina (1992), "Wine", UCI Machine Learning Repository.

    Examples
    --------
    >>> X, y = wine()
    >>> X.shape, np.bincount(y)
    ((178, 13), array([59, 71, 48]))
    """
    return _table("wine", as_columns)


@overload
def breast_cancer(as_columns: Literal[False] = False) -> tuple[NDArray[np.float64], Labels]: ...
@overload
def breast_cancer(as_columns: Literal[True]) -> tuple[Columns, Labels]: ...
@answers_foreign_names(DATASET_ALIASES)
def breast_cancer(as_columns: bool = False) -> tuple[Any, Labels]:
    """Load 569 tumours, each with 30 measurements of the nuclei of its cells.

    They are part of scikit-learn, the extra ``sklearn``. The scales of the columns differ:
    `data.Table` scales them.

    Parameters
    ----------
    as_columns : bool
        Whether X is a dict of columns by name, as `data.Table` takes it.

    Returns
    -------
    X : array, float64, (569, 30); or dict of str to array, (569,)
        Of ten quantities, from ``mean radius`` to ``mean fractal dimension``, the means, then the
        standard errors, ``radius error`` and so on, then the largest values, ``worst radius`` and
        so on.
    y : array, int64, (569,), 0 or 1
        Malignant, benign.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    References
    ----------
    Street, Wolberg & Mangasarian (1993), "Nuclear feature extraction for breast tumor diagnosis".

    Examples
    --------
    >>> X, y = breast_cancer()
    >>> X.shape, np.bincount(y)
    ((569, 30), array([212, 357]))
    """
    return _table("breast_cancer", as_columns)


def load_embedded(name: str, what: str) -> Any:
    """Return a data set of scikit-learn, which has `data`, `target` and `feature_names`."""
    try:
        from sklearn import datasets
    except ImportError as error:
        raise ImportError(
            f"datasets.{name}: {what} part of scikit-learn, which is not installed; "
            "run: pip install 'chainrule[sklearn]'"
        ) from error
    loaders = {
        "breast_cancer": datasets.load_breast_cancer,
        "digits": datasets.load_digits,
        "iris": datasets.load_iris,
        "wine": datasets.load_wine,
    }
    return loaders[name]()


def _table(name: str, as_columns: bool) -> tuple[Any, Labels]:
    checked_flag(name, "as_columns", as_columns)
    table = load_embedded(name, "the table is")
    X, y = table.data.astype(np.float64), table.target.astype(np.int64)
    if not as_columns:
        return X, y
    return {str(n): X[:, k].copy() for k, n in enumerate(table.feature_names)}, y
