"""Answers to the task `train_and_stop`: stop after `patience` epochs without a lower validation loss, and keep the best weights."""

import keras
import numpy as np
from answers import right, wrong


@right
def callback(model, x_train, y_train, x_validation, y_validation, epochs, patience):
    stopping = keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience, restore_best_weights=True)
    history = model.fit(x_train, y_train, epochs=epochs, validation_data=(x_validation, y_validation), callbacks=[stopping], verbose=0)
    return history.history["val_loss"]


@right
def loop_over_epochs(model, x_train, y_train, x_validation, y_validation, epochs, patience):
    losses, best = [], None
    for _ in range(epochs):
        model.fit(x_train, y_train, epochs=1, batch_size=20, verbose=0)
        losses.append(model.evaluate(x_validation, y_validation, verbose=0)[0])
        if losses[-1] == min(losses):
            best = model.get_weights()
        elif len(losses) - 1 - int(np.argmin(losses)) >= patience:
            break
    model.set_weights(best)
    return losses


@right
def history_object_and_a_smaller_batch(model, x_train, y_train, x_validation, y_validation, epochs, patience):
    keep = keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)
    return model.fit(x_train, y_train, 10, epochs, 0, [keep], validation_data=(x_validation, y_validation))


@wrong(2, "the weights are those of the last epoch")
def best_weights_lost(model, x_train, y_train, x_validation, y_validation, epochs, patience):
    stopping = keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience)
    history = model.fit(x_train, y_train, epochs=epochs, validation_data=(x_validation, y_validation), callbacks=[stopping], verbose=0)
    return history.history["val_loss"]


@wrong(0, "It did not stop 3 epochs after")
def never_stops(model, x_train, y_train, x_validation, y_validation, epochs, patience):
    return model.fit(x_train, y_train, epochs=epochs, validation_data=(x_validation, y_validation), verbose=0).history["val_loss"]


@wrong(2, "ran through all 60 epochs")
def best_weights_of_a_whole_run(model, x_train, y_train, x_validation, y_validation, epochs, patience):
    keep = keras.callbacks.EarlyStopping(patience=epochs, restore_best_weights=True)
    history = model.fit(x_train, y_train, epochs=epochs, validation_data=(x_validation, y_validation), callbacks=[keep], verbose=0)
    return history.history["val_loss"]


@wrong(0, "is in none of the epochs")
def validated_on_training_images(model, x_train, y_train, x_validation, y_validation, epochs, patience):
    stopping = keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience, restore_best_weights=True)
    history = model.fit(x_train, y_train, epochs=epochs, validation_data=(x_train, y_train), callbacks=[stopping], verbose=0)
    return history.history["val_loss"]


@wrong(2, "epochs after the best one")
def patience_of_its_own(model, x_train, y_train, x_validation, y_validation, epochs, patience):
    keep = keras.callbacks.EarlyStopping(patience=patience + 4, restore_best_weights=True)
    history = model.fit(x_train, y_train, epochs=epochs, validation_data=(x_validation, y_validation), callbacks=[keep], verbose=0)
    return history.history["val_loss"]


@wrong(0, "Expected the list of validation losses")
def returns_the_model(model, x_train, y_train, x_validation, y_validation, epochs, patience):
    callback(model, x_train, y_train, x_validation, y_validation, epochs, patience)


@wrong(0, "was not trained")
def trains_nothing(model, x_train, y_train, x_validation, y_validation, epochs, patience):
    return [model.evaluate(x_validation, y_validation, verbose=0)[0]]
