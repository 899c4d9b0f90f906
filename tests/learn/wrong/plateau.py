"""Wrong answers to exercise 27."""

from tests.learn.wrong import Wrong

BEST = "if error < best:"
DROP = "if waited == patience and drops < 3:"
RESET = "waited, drops = 0, drops + 1"
RATE = "rates[epoch] = lr / 10**drops"

WRONG = (
    Wrong(
        "one number too many",
        "rates = np.zeros(len(errors))",
        "rates = np.zeros(len(errors) + 1)",
        "shape",
    ),
    Wrong("the last learning rate only", "return rates", "return rates[-1:].repeat(2)", "shape"),
    Wrong("falls in every epoch", DROP, "if drops < 3:", "always better"),
    Wrong("the exponent of the epoch", RATE, "rates[epoch] = lr / 10**epoch", "always better"),
    Wrong("an equal error is an improvement", BEST, "if error <= best:", "never better"),
    Wrong("divides by 2", RATE, "rates[epoch] = lr / 2**drops", "never better"),
    Wrong("one epoch too early", DROP, "if waited == patience - 1 and drops < 3:", "always better"),
    Wrong("one epoch too late", DROP, "if waited == patience + 1 and drops < 3:", "never better"),
    Wrong("the counter goes on after a drop", RESET, "drops = drops + 1", "never better"),
    Wrong(
        "compares with the epoch before",
        "best, waited = error, 0\n        else:\n            waited += 1",
        "waited = 0\n        else:\n            waited += 1\n        best = error",
        "best of all, not of the last",
    ),
    Wrong(
        "forgets the best error after a drop",
        RESET,
        "best, waited, drops = error, 0, drops + 1",
        "best of all, not of the last",
    ),
    Wrong(
        "an improvement does not reset the counter",
        "best, waited = error, 0",
        "best, waited = error, waited",
        "best of all, not of the last",
    ),
    Wrong("drops for ever", DROP, "if waited == patience:", "three drops"),
    Wrong("two drops", DROP, "if waited == patience and drops < 2:", "three drops"),
    Wrong(
        "the error instead of the epoch",
        "return int(np.argmin(errors))",
        "return int(np.min(errors))",
        "best epoch",
    ),
    Wrong(
        "the last of equal ones",
        "return int(np.argmin(errors))",
        "return int(len(errors) - 1 - np.argmin(errors[::-1]))",
        "best epoch",
    ),
    Wrong(
        "counted from 1",
        "return int(np.argmin(errors))",
        "return int(np.argmin(errors)) + 1",
        "best epoch",
    ),
    Wrong(
        "float32",
        "rates = np.zeros(len(errors))",
        "rates = np.zeros(len(errors), np.float32)",
        "shape",
    ),
    Wrong(
        "the best epoch as a float",
        "return int(np.argmin(errors))",
        "return float(np.argmin(errors))",
        "best epoch",
    ),
    Wrong(
        "small steps down do not count",
        "error < best",
        "error < best - 1e-4",
        "best of all, not of the last",
    ),
)
