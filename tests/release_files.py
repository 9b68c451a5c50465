"""Small releases in every layout, written by the tests."""

import zipfile

import numpy as np

# user, movie, rating: neither users nor movies in order, ids with gaps
ROWS = [(7, 30, 4.0), (2, 30, 3.0), (7, 10, 5.0), (900, 20, 1.0), (2, 1193, 2.0)]
TITLES = {10: "Léon", 20: "American President, The", 30: "Heat", 1193: "Cuckoo: Nest"}
GENRES = {10: ("Action", "Drama"), 20: (), 30: ("Crime",), 1193: ("Drama",)}
HEADER = "userId,movieId,rating,timestamp"


def write_csv(folder, end="\n"):
    rows = [HEADER, *(f"{u},{m},{r},9" for u, m, r in ROWS)]
    (folder / "ratings.csv").write_bytes((end.join(rows) + end).encode())
    movies = ["movieId,title,genres"]
    for movie, title in TITLES.items():
        genres = "|".join(GENRES[movie]) or "(no genres listed)"
        movies.append(f'{movie},"{title}",{genres}')
    (folder / "movies.csv").write_bytes((end.join(movies) + end).encode())


def write_dat(folder, end="\n", encoding="latin-1"):
    rows = [f"{u}::{m}::{r:g}::9" for u, m, r in ROWS]
    (folder / "ratings.dat").write_bytes((end.join(rows) + end).encode())
    movies = [f"{m}::{t}::{'|'.join(GENRES[m]) or '(no genres listed)'}" for m, t in TITLES.items()]
    (folder / "movies.dat").write_bytes((end.join(movies) + end).encode(encoding))


def write_tab(folder, end="\n"):
    rows = [f"{u}\t{m}\t{r:g}\t9" for u, m, r in ROWS]
    (folder / "u.data").write_bytes((end.join(rows) + end).encode())
    flags = {"Action": 1, "Crime": 6, "Drama": 8}
    movies = []
    for movie, title in TITLES.items():
        bits = ["0"] * 19
        for genre in GENRES[movie]:
            bits[flags[genre]] = "1"
        movies.append(f"{movie}|{title}|01-Jan-1995||http://imdb|{'|'.join(bits)}")
    (folder / "u.item").write_bytes((end.join(movies) + end).encode("latin-1"))


WRITERS = {"ratings.csv": write_csv, "ratings.dat": write_dat, "u.data": write_tab}


def zipped(folder, path, prefix="release/"):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, prefix + file.name)
    return path


def write_large(folder, seed=3):
    """Write a release of about 100,000 ratings in the newest layout; their number.

    Users and movies have as many ratings as in MovieLens' small releases: a few have most of them.
    """
    generator = np.random.default_rng(seed)
    n_users, n_movies = 600, 9_000
    counts = np.clip(generator.lognormal(4.5, 1.05, n_users), 20, 2_700).astype(int)
    popularity = 1 / np.arange(1, n_movies + 1) ** 0.8
    ids = np.sort(generator.choice(190_000, n_movies, replace=False) + 1)
    lines = [HEADER]
    for user, count in enumerate(counts, 1):
        rated = generator.choice(n_movies, count, replace=False, p=popularity / popularity.sum())
        stars = np.clip(np.round(generator.normal(7, 2, count)), 1, 10) / 2
        rows = zip(ids[np.sort(rated)], stars, strict=True)
        lines += [f"{user},{movie},{star},964982703" for movie, star in rows]
    (folder / "ratings.csv").write_text("\n".join(lines) + "\n")
    titles = [f'{movie},"Title {movie} (1999)",Drama|Comedy' for movie in ids]
    (folder / "movies.csv").write_text("\n".join(["movieId,title,genres", *titles]) + "\n")
    return len(lines) - 1
