"""Reading and splitting data, tables, pipelines and named data sets."""

from chainrule.arguments.foreign_names.subject import Subject

__all__ = ["SUBJECTS"]

DATA = Subject(
    "Data",
    ours="data.{}",
    theirs={
        "keras": "keras.utils.{}",
        "torch": "torch.utils.data.{}",
        "sklearn": "sklearn.{}",
        "pandas": "pd.{}",
        "numpy": "np.{}",
    },
    table="""
sklearn  train_test_split StratifiedShuffleSplit ShuffleSplit  -> split
sklearn  KFold StratifiedKFold GroupKFold cross_val_score cross_validate  -> folds
torch  random_split  -> split
other  batches minibatches  -> Pipeline
keras  image_dataset_from_directory  -> images
torch  ImageFolder  -> images
other  imread load_images  -> images
keras  timeseries_dataset_from_array TimeseriesGenerator  -> windows
numpy  sliding_window_view  -> windows
torch  DataLoader Dataset TensorDataset  -> Pipeline
keras  from_tensor_slices  -> Pipeline
numpy  loadtxt genfromtxt  -> read_csv
pandas  read_table  -> read_csv
sklearn  ColumnTransformer  -> Table
pandas  DataFrame  -> Table
sklearn  OneHotEncoder OrdinalEncoder LabelEncoder LabelBinarizer  -> Category
sklearn  StandardScaler MinMaxScaler SimpleImputer RobustScaler  -> Number
other  load_audio  -> read_wav
other  load_idx  -> read_idx
pandas  read_excel read_json read_parquet read_sql read_html read_feather
       -> read it with pandas: columns of a DataFrame are taken as they are
pandas  get_dummies  -> data.Category encodes a column, as in data.Table(data.Category("town"))
pandas  to_datetime  -> data.Date declares a column, as in data.Table(data.Date("day"))
pandas  to_numeric  -> data.Number declares a column, as in
       data.Table(data.Number("age"))
pandas  concat merge  -> join tables with pandas first: a DataFrame is taken as it is
pandas  Series  -> a column is an array: np.array
keras  to_categorical  -> labels are used as they are, with loss='cross_entropy'; rows of 0 and 1
       are np.eye(n)[y]
keras  normalize  -> nn.BatchNorm scales in the network; arrays are scaled by NumPy
keras  ImageDataGenerator  -> layers of a network change images: nn.RandomFlip, nn.RandomShift
sklearn  make_moons load_digits load_iris  -> data sets are in chainrule.datasets, as datasets.moons
torch  transforms  -> data.Pipeline changes items by map; nn.RandomFlip changes images
keras  pad_sequences  -> use np.pad, or a nn.Masking layer with a value of its own
torch  sampler Sampler WeightedRandomSampler  -> give net.fit a sample_weight
torch  default_collate  -> items of a batch are stacked as arrays; leave it out
""",
)

DATA_ARGUMENTS = Subject(
    "Arguments of functions that read, split and describe data",
    ours="{}=",
    theirs={"": "{}="},
    table="""
keras  x  -> X
other  data inputs features arrays  -> X
keras  targets  -> y
other  target labels  -> y
other  test_fraction fraction ratio  -> test_size
other  val_size  -> validation_size
keras  directory  -> folder
keras  image_size  -> size
keras  color_mode  -> color
other  colour grayscale grey gray mode  -> color
keras  crop_to_aspect_ratio  -> crop
other  class_names labels  -> classes
keras  interpolation  -> images are always resized bilinearly; leave it out
sklearn  n_splits cv  -> count
other  n_folds k  -> count
keras  validation_split  -> test_size
sklearn  random_state  -> seed
other  random_seed rng  -> seed
keras  sequence_length  -> length
torch  seq_len  -> length
numpy  window_size window_length  -> length
other  seq_length window size lookback look_back timesteps n_steps  -> length
other  target_length forecast_horizon steps_ahead n_ahead output_length  -> horizon
keras  sequence_stride  -> stride
other  step shift  -> stride
other  data x time_series values  -> series
pandas  filepath_or_buffer  -> path
numpy  fname  -> path
other  file filename file_path  -> path
pandas  filepath_or_buffer  -> path_or_file
numpy  fname  -> path_or_file
other  path filename file  -> path_or_file
pandas  sep delim  -> delimiter
other  separator  -> delimiter
pandas  na_values  -> missing
numpy  missing_values  -> missing
other  na null_values nan_values  -> missing
other  enc categories_as encode  -> encoding
pandas  skiprows  -> skip_rows
numpy  skip_header  -> skip_rows
pandas  skipfooter  -> skip_footer
numpy  comments  -> comment
other  data x  -> array
other  y audio waveform  -> signal
other  sr sample_rate sampling_rate samplerate fs  -> rate
other  n_mels nfilt n_filters num_mel_bins numfilters  -> bands
other  n_mfcc numcep num_ceps  -> coefficients
other  fmin lowfreq f_min  -> low
other  fmax highfreq f_max  -> high
other  amin  -> floor
other  winlen  -> window
other  winstep  -> hop
sklearn  strategy fill_value  -> fill
other  impute  -> fill
sklearn  handle_unknown unknown_value  -> unseen
sklearn  with_std  -> scaled
other  scale standardize normalize  -> scaled
pandas  column  -> name
other  feature  -> name
other  y label target_column label_column  -> target
pandas  exclude  -> drop
other  ignore drop_columns  -> drop
pandas  df frame dataframe  -> source
other  X data  -> source
sklearn  columns  -> fitted
other  x X values  -> cells
sklearn  train_size  -> give the other part, as in test_size=0.25
sklearn  groups  -> data.folds takes groups; a fold is a training and a test part
keras  targets  -> the targets are the values that follow each window
other  augment transform  -> layers of the network change images in training: nn.RandomFlip,
       nn.RandomShift
other  target  -> take it out after reading: y = table.pop(name)
keras,torch  batch_size  -> fit makes the batches: net.fit(X, y, batch_size=32)
keras,torch  shuffle  -> fit shuffles the samples
keras  validation_data  -> give it to fit
keras  sampling_rate  -> take every k-th value first, as in series[::k]
pandas  usecols  -> read all columns and take some: {name: table[name] for name in names}
pandas  index_col  -> a table has no index; take the column with table.pop(name)
pandas  dtype  -> each column gets the narrowest dtype; convert one with table[name].astype
pandas  converters  -> convert a column after reading it
pandas  parse_dates  -> data.Date declares such a column, as in data.Table(data.Date("day"))
pandas  nrows  -> read all rows and take the first of each column, as in table[name][:n]
pandas  skipinitialspace  -> blanks after a delimiter are always skipped; leave it out
pandas  low_memory engine  -> leave it out
pandas  chunksize  -> read all rows; a table is a dictionary of columns
other  n_mfcc  -> it is `coefficients`, an argument of mfcc
other  hop_length  -> give `hop` in seconds
other  n_fft win_length  -> give `window` in seconds
sklearn  columns  -> give the columns by position, as in Table('age', 'income')
""",
)

TABLE = Subject(
    "Tables",
    ours="table.{}",
    theirs={"": "table.{}", "pandas": "df.{}"},
    table="""
sklearn  get_feature_names_out feature_names_in_  -> it is table.feature_names, after fit
sklearn  classes_ categories_  -> it is table.feature_names, after fit
pandas  head tail iloc loc values to_numpy shape
       -> a data.Table describes columns; the rows are in the table that data.read_csv returns
pandas  groupby merge join fillna dropna astype apply  -> change the DataFrame with pandas first:
       its columns are taken as they are
pandas  describe info columns  -> it is table.feature_names, after fit
keras  adapt  -> fit
""",
)

COLUMNS = Subject(
    "What data.read_csv returns",
    ours="table.{}",
    theirs={"": "table.{}", "pandas": "df.{}"},
    table="""
pandas  head  -> take the first rows of a column, as in table["age"][:5]
pandas  tail  -> take the last rows of a column, as in table["age"][-5:]
pandas  iloc loc iterrows itertuples  -> rows are taken from each column, as in table["age"][rows]
pandas  columns  -> list(table) has the names of the columns
pandas  shape index size  -> len(table) columns have len(table["age"]) rows each
pandas  values to_numpy  -> stack the columns: np.column_stack(list(table.values()))
pandas  drop  -> take a column out by table.pop("age")
pandas  dtypes  -> each column has its own: table["age"].dtype
pandas  to_dict  -> it is one already: dict(table)
pandas  describe info isna isnull notna fillna dropna groupby merge join apply sort_values astype
       value_counts to_csv rename query sample assign plot corr mean nunique reset_index set_index
       -> pandas.DataFrame(table) has it
""",
)

PIPELINE = Subject(
    "Pipelines",
    ours="pipe.{}",
    theirs={"": "loader.{}", "keras": "tf.data.Dataset.{}"},
    table="""
keras  from_tensor_slices  -> it is data.Pipeline((X, y))
keras  prefetch cache  -> items are computed as they are asked for; leave it out
keras  as_numpy_iterator  -> iterate over it, or take pipe.arrays()
keras  concatenate  -> chain the sources first, as by itertools.chain
keras  padded_batch  -> batch
keras  unbatch flat_map interleave  -> write a generator, and give the pipeline a function that
       starts it
keras  enumerate  -> it is pipe.zip(itertools.count()), whose items are (item, number)
keras,torch  dataset batch_size num_workers sampler  -> a pipeline has no such setting: its stages
       are methods, as data.Pipeline(X).batch(2)
torch  collate_fn  -> items are stacked as arrays; change them with map first
pandas,other  apply  -> map
other  to_list collect list  -> it is list(pipe)
other  sort  -> sorted
other  head  -> take
other  drop  -> skip
other  fold  -> reduce
other  batches  -> batch
other  select where  -> filter
other  to_array to_arrays to_numpy  -> arrays
""",
)

PIPELINE_ARGUMENTS = Subject(
    "Arguments of the methods of pipelines",
    ours="{}=",
    theirs={"": "{}="},
    table="""
keras  map_func transform reduce_func  -> function
other  func fn f  -> function
keras  predicate_func  -> predicate
other  function func fn f cond  -> predicate
sklearn  random_state  -> seed
keras,torch  batch_size  -> size
other  n count window_size  -> size
keras  shift  -> stride
other  step  -> stride
keras  drop_remainder  -> drop_last
other  n size  -> count
other  count n epochs  -> times
keras  initial_state  -> initial
other  init initializer  -> initial
other  epoch n  -> number
torch  dataset  -> source
other  data iterable x  -> source
other  by cmp  -> key
other  descending  -> reverse
torch,keras  batch_size  -> call .batch(size)
keras  buffer_size  -> all items are shuffled; leave it out
torch  collate_fn  -> items are stacked as arrays; change them with .map first
keras  deterministic  -> the order never varies; leave it out
keras  num_parallel_calls  -> leave it out
torch  num_workers pin_memory  -> leave it out
keras  reshuffle_each_iteration  -> each epoch has an order of its own: see .epoch
torch  shuffle  -> call .shuffle(seed)
""",
)

DATASETS = Subject(
    "Named data sets",
    ours="datasets.{}",
    theirs={
        "keras": "keras.datasets.{}",
        "torch": "torchvision.datasets.{}",
        "sklearn": "sklearn.datasets.{}",
    },
    table="""
sklearn  make_moons  -> moons
other  make_xor load_xor  -> xor
sklearn  make_circles  -> circles
sklearn  make_blobs  -> blobs
other  make_spirals spiral  -> spirals
sklearn  load_iris  -> iris
sklearn  load_wine  -> wine
sklearn  load_breast_cancer  -> breast_cancer
sklearn  fetch_california_housing  -> california_housing
other  housing  -> california_housing
sklearn  load_digits  -> digits
keras,other  load load_dataset get_dataset get  -> a data set is a function of its own, as
       datasets.moons(20)
torch  MNIST  -> mnist
keras,other  load_mnist load_data  -> mnist
torch  FashionMNIST  -> fashion_mnist
torch  CIFAR10  -> cifar10
other  airline_passengers  -> airline
sklearn  make_classification make_regression load_diabetes fetch_openml
       -> take it from scikit-learn, whose arrays can be used as they are
keras,torch  cifar100 CIFAR100 imdb boston_housing
       -> take it from the library that has it: its arrays can be used as they are
other  titanic penguins boston load_boston
       -> read its file: table = data.read_csv(path), then y = table.pop(name)
""",
)

DATASET_ARGUMENTS = Subject(
    "Arguments of named data sets",
    ours="{}=",
    theirs={"": "{}="},
    table="""
sklearn  n_samples  -> n
other  num_samples samples size  -> n
sklearn  scale  -> noise
sklearn  cluster_std  -> noise
other  std sigma stddev  -> noise
sklearn  n_features  -> features
other  n_centers clusters n_clusters  -> centers
sklearn  as_frame  -> as_columns
sklearn  as_frame  -> tables are dictionaries of columns: pandas.DataFrame(table)
sklearn  random_state  -> seed
other  rng  -> seed
other  duration length  -> seconds
sklearn  shuffle  -> leave it out, and give shuffle to fit or to data.split
torch  train  -> both parts are returned: (X, y), (X_test, y_test)
keras,other  split  -> both parts are returned: (X, y), (X_test, y_test)
other  normalize  -> scale them: X / 255
sklearn  subset  -> both parts are returned: (X, y), (X_test, y_test)
sklearn  return_X_y  -> inputs and targets are always returned as two arrays; leave it out
keras  as_supervised  -> inputs and targets are always returned; leave it out
torch  download  -> files are downloaded where they are missing; leave it out
torch  root  -> set the environment variable CHAINRULE_DATA to the folder
sklearn  data_home  -> set the environment variable CHAINRULE_DATA to the folder
keras  data_dir path  -> set the environment variable CHAINRULE_DATA to the folder
sklearn  n_class  -> take the samples of some classes: keep = y < n; X[keep], y[keep]
torch  transform target_transform  -> change the arrays that are returned
""",
)

IMAGES = Subject(
    "Folders of images",
    ours="images.{}",
    theirs={"keras": "dataset.{}", "torch": "dataset.{}", "": "images.{}"},
    table="""
torch  classes  -> class_names
torch  targets  -> labels
other  y  -> labels
other  X data  -> arrays
other  shape  -> it has len(images) images of images.size; X, y = images.arrays() are arrays
torch  imgs samples  -> paths
keras  file_paths  -> paths
torch  class_to_idx  -> the classes are the indices of images.class_names, in alphabetical order
keras,torch  map batch shuffle prefetch cache take
       -> read the images as arrays, X, y = images.arrays(), or give them to data.Pipeline
""",
)

SUBJECTS = {
    "data": DATA,
    "images": IMAGES,
    "data arguments": DATA_ARGUMENTS,
    "table": TABLE,
    "columns": COLUMNS,
    "pipeline": PIPELINE,
    "pipeline arguments": PIPELINE_ARGUMENTS,
    "datasets": DATASETS,
    "dataset arguments": DATASET_ARGUMENTS,
}
