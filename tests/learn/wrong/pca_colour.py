"""Wrong answers to exercise 14."""

from tests.learn.wrong import Wrong

RETURN = "return values[::-1], vectors[:, ::-1]"
SHIFTS = "shifts = (draws * eigenvalues) @ eigenvectors.T  # (N, 3)"

WRONG = (
    Wrong(
        "compares pixels instead of colours",
        "covariance = centred.T @ centred / len(pixels)",
        "covariance = centred @ centred.T / len(pixels)",
        "shape",
    ),
    Wrong("smallest first", RETURN, "return values, vectors", "largest first"),
    Wrong(
        "does not subtract the mean",
        "centred = pixels - pixels.mean(axis=0)",
        "centred = pixels",
        "grey images",
    ),
    Wrong(
        "does not divide", "centred.T @ centred / len(pixels)", "centred.T @ centred", "grey images"
    ),
    Wrong(
        "standard deviations instead of variances",
        RETURN,
        "return np.sqrt(np.maximum(values[::-1], 0)), vectors[:, ::-1]",
        "grey images",
    ),
    Wrong(
        "divides by the number of images",
        "centred.T @ centred / len(pixels)",
        "centred.T @ centred / len(images)",
        "grey images",
    ),
    Wrong("one mean for all colours", "pixels.mean(axis=0)", "pixels.mean()", "eigenvalues"),
    Wrong(
        "reverses the eigenvalues, not the eigenvectors",
        RETURN,
        "return values[::-1], vectors",
        "eigenvectors",
    ),
    Wrong(
        "eigenvectors in rows", RETURN, "return values[::-1], vectors[:, ::-1].T", "eigenvectors"
    ),
    Wrong(
        "shifts the images in place",
        "return images + shifts[:, None, None, :]",
        "images += shifts[:, None, None, :]\n    return images",
        "shape of shifted",
    ),
    Wrong(
        "rows instead of columns",
        SHIFTS,
        "shifts = (draws * eigenvalues) @ eigenvectors",
        "one image",
    ),
    Wrong("forgets the eigenvalues", SHIFTS, "shifts = draws @ eigenvectors.T", "one image"),
    Wrong(
        "square roots of the eigenvalues",
        SHIFTS,
        "shifts = (draws * np.sqrt(eigenvalues)) @ eigenvectors.T",
        "one image",
    ),
    Wrong(
        "uses the first image's draws for all",
        SHIFTS,
        "shifts = (draws[:1] * eigenvalues) @ eigenvectors.T",
        "each image its own",
    ),
)
