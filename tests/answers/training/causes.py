"""Answers to the task `causes`: four histories, each with its cause."""

from answers import right, wrong

from mnist_lib.checks.training import given_histories


@right
def looked_at():
    return {"A": "labels shuffled", "B": "validated on training data", "C": "learning rate too high", "D": "overfitting"}


@right
def found_by_rules():
    found = {}
    for letter, history in given_histories().items():
        rising = history["val_loss"][-1] > 1.05 * min(history["val_loss"])
        if history["accuracy"][-1] < 0.2:
            found[letter] = "learning rate too high"
        elif history["val_accuracy"][-1] < 0.2:
            found[letter] = "labels shuffled"
        else:
            found[letter] = "overfitting" if rising else "validated on training data"
    return found


@right
def other_case_and_spaces():
    return {"d": "Overfitting", "c": " learning rate too high", "b": "Validated on training data ", "a": "LABELS SHUFFLED"}


@wrong(2, "look again at A and C")
def shuffled_and_rate_exchanged():
    return {"A": "learning rate too high", "B": "validated on training data", "C": "labels shuffled", "D": "overfitting"}


@wrong(2, "look again at B and D")
def overfitting_and_validation_exchanged():
    return {"A": "labels shuffled", "B": "overfitting", "C": "learning rate too high", "D": "validated on training data"}


@wrong(1, "1 of 4 are right")
def one_for_all():
    return dict.fromkeys("ABCD", "overfitting")


@wrong(3, "No such cause: 'rate too high'")
def a_name_of_its_own():
    return {**looked_at(), "C": "rate too high"}


@wrong(3, "look again at D")
def one_left_out():
    return {letter: cause for letter, cause in looked_at().items() if letter != "D"}


@wrong(0, "Expected a dict")
def a_list():
    return list(looked_at().values())
