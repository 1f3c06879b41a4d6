"""Stage compilation: the loss against scikit-learn, the schedule and one step of training against NumPy."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.metrics import log_loss

from mnist_lib import build_model, compile_model, total_steps
from mnist_lib.compilation import default_epochs
from mnist_lib.fused_adam import FusedAdam


@pytest.mark.parametrize("images", [1, 255, 256, 257, 4_000, 60_000])
@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize("batch_size", [1, 32, 256])
def test_steps_are_counted_as_batches_are_cut(images, epochs, batch_size):
    assert total_steps(images, epochs, batch_size) == epochs * len(range(0, images, batch_size))


def test_steps_of_the_recipe():
    assert total_steps(60_000) == default_epochs(60_000) * 235  # 234 batches of 256 and one of 96
    assert total_steps(4_000) == default_epochs(4_000) * 16
    assert default_epochs(4_000) > default_epochs(60_000), "few images are to be seen more often"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((0,), "images must be a whole number, at least 1; got 0"),
        ((10.5,), "images must be a whole number, at least 1; got 10.5"),
        ((np.zeros((5, 28, 28)),), r"images must be .*; got an array of float64 with shape \(5, 28, 28\)"),
        ((10, 0), "epochs must be a whole number, at least 1; got 0"),
        ((10, "5"), "epochs must be a whole number, at least 1; got '5'"),
        ((10, 1, 0), "batch_size must be a whole number, at least 1; got 0"),
    ],
)
def test_steps_refuse_with_a_reason(arguments, says):
    with pytest.raises(ValueError, match=says):
        total_steps(*arguments)


@pytest.mark.parametrize("activation", [None, "softmax"])
def test_loss_and_metric_are_those_of_scikit_learn(few, activation):
    x, y = few
    network = [layers.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation=activation)]
    model = compile_model(keras.Sequential(network))
    outputs = model.predict(x, verbose=0).astype(float)
    powers = outputs if activation else np.exp(outputs)
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    loss, accuracy = model.evaluate(x, y, verbose=0)
    assert loss == pytest.approx(log_loss(y, probabilities, labels=range(10)), rel=1e-4)
    assert accuracy == pytest.approx(np.mean(outputs.argmax(axis=1) == y))


def test_returns_the_same_model():
    model = build_model(8)
    assert compile_model(model) is model
    assert model.compiled


def test_one_step_goes_down_the_gradient(few):
    x, y = few[0][:32], few[1][:32]
    model = keras.Sequential([layers.Input((28, 28)), layers.Flatten(), layers.Dense(10)])
    model = compile_model(model, optimizer=keras.optimizers.SGD(0.5))
    kernel, bias = (array.copy() for array in model.get_weights())
    model.fit(x, y, batch_size=32, verbose=0)
    flat = x.reshape(32, 784)
    powers = np.exp(flat @ kernel + bias)
    error = powers / powers.sum(axis=1, keepdims=True) - np.eye(10)[y]  # of cross-entropy after a softmax, by each logit
    after = model.get_weights()
    assert after[0] == pytest.approx(kernel - 0.5 * flat.T @ error / 32, abs=1e-5)
    assert after[1] == pytest.approx(bias - 0.5 * error.mean(axis=0), abs=1e-5)


@pytest.mark.parametrize(("steps", "peak"), [(1, None), (3, 0.02), (20, np.float32(0.004)), (320, None), (321, 1)])
def test_schedule_rises_to_its_peak_and_falls_to_zero(steps, peak):
    schedule = compile_model(build_model(4), peak, steps).optimizer._learning_rate  # the schedule itself; .learning_rate is its value now
    rates = np.array([float(schedule(step)) for step in range(steps + 1)])
    warm_up = round(steps / 10)
    top = rates.max()
    assert rates.argmax() == warm_up
    assert peak is None or top == pytest.approx(peak)
    assert rates[:warm_up] == pytest.approx(top * np.arange(warm_up) / max(warm_up, 1), rel=1e-4)
    progress = np.arange(steps - warm_up + 1) / (steps - warm_up)
    assert rates[warm_up:] == pytest.approx(top * (1 + np.cos(np.pi * progress)) / 2, rel=1e-4, abs=1e-7)
    assert rates[-1] == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize(("given", "rate"), [(None, 1e-3), (0.02, 0.02), (np.float32(0.5), 0.5), (1, 1)])
def test_constant_learning_rate(given, rate):
    assert float(compile_model(build_model(4), given).optimizer.learning_rate) == pytest.approx(rate)


@pytest.mark.parametrize("optimizer", ["sgd", keras.optimizers.RMSprop(0.01)])
def test_optimizer_of_ones_own(optimizer):
    assert isinstance(compile_model(build_model(4), optimizer=optimizer).optimizer, keras.optimizers.Optimizer)
    with pytest.raises(ValueError, match="learning_rate and total_steps belong to the optimizer"):
        compile_model(build_model(4), 0.1, optimizer=optimizer)


def test_steps_per_execution_changes_no_result(few):
    def losses(steps):
        model = compile_model(build_model(8), steps_per_execution=steps)
        keras.utils.set_random_seed(0)
        return model.fit(*few, epochs=2, batch_size=32, verbose=0).history["loss"]

    assert losses(1) == pytest.approx(losses(47), rel=1e-4)


@pytest.mark.parametrize(
    ("keywords", "says"),
    [
        ({"learning_rate": 0}, "learning_rate must be a number above 0; got 0"),
        ({"learning_rate": -0.1}, "learning_rate must be a number above 0; got -0.1"),
        ({"learning_rate": float("nan")}, "learning_rate must be a number above 0; got nan"),
        ({"learning_rate": "adam"}, "learning_rate must be a number above 0; got 'adam'.*optimizer=…"),
        ({"learning_rate": keras.optimizers.schedules.CosineDecay(0.1, 10)}, "learning_rate must be .*optimizer=…"),
        ({"total_steps": 0}, "total_steps must be a whole number, at least 1; got 0"),
        ({"total_steps": 1.5}, "total_steps must be a whole number, at least 1; got 1.5"),
        ({"total_steps": total_steps}, "total_steps must be a whole number, at least 1; got .*function"),
        ({"steps_per_execution": 0}, "steps_per_execution must be a whole number, at least 1; got 0"),
    ],
)
def test_refuses_with_a_reason(keywords, says):
    with pytest.raises(ValueError, match=says):
        compile_model(build_model(4), **keywords)


def test_refuses_what_is_no_model():
    with pytest.raises(TypeError, match="model must be a Keras model.*got None"):
        compile_model(None)
    with pytest.raises(ValueError, match=r"model must return ten numbers for each image.* shape \(None, 3\)"):
        compile_model(keras.Sequential([layers.Input((28, 28)), layers.Flatten(), layers.Dense(3)]))
    sigmoid = keras.Sequential([layers.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="sigmoid")])
    with pytest.raises(ValueError, match="say it with logits=True or logits=False"):
        compile_model(sigmoid)
    assert compile_model(sigmoid, logits=False).compiled


# Adam in one operation


def test_fused_adam_takes_the_steps_of_the_paper():
    """Kingma and Ba (2015), algorithm 1; its epsilon is added to the root of the corrected mean, Keras' to that of the uncorrected one."""
    start, rate, beta_1, beta_2, epsilon = np.array([1.0, -2.0, 0.5], "float32"), 0.1, 0.6, 0.99, 1e-12
    gradients = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    weights = keras.Variable(start)
    optimizer = FusedAdam(rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)
    expected, mean, square = start.astype(float), 0.0, 0.0
    for step, gradient in enumerate(gradients.astype(float), start=1):
        optimizer.apply([gradient.astype("float32")], [weights])
        mean, square = beta_1 * mean + (1 - beta_1) * gradient, beta_2 * square + (1 - beta_2) * gradient**2
        expected -= rate * (mean / (1 - beta_1**step)) / (np.sqrt(square / (1 - beta_2**step)) + epsilon)
        np.testing.assert_allclose(weights.numpy(), expected, rtol=1e-5, atol=1e-6)
    assert int(optimizer.iterations) == len(gradients)


OPTIONS = [{}, {"amsgrad": True}, {"epsilon": 0.1}, {"weight_decay": 0.1}, {"global_clipnorm": 0.1}, {"gradient_accumulation_steps": 2}]


@pytest.mark.parametrize("options", OPTIONS)
def test_fused_adam_takes_keras_steps(options):
    ends = []
    for optimizer in (keras.optimizers.Adam(0.05, **options), FusedAdam(0.05, **options)):
        weights = keras.Variable(np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4))
        for gradient in np.random.default_rng(1).normal(size=(6, 3, 4)).astype("float32"):
            optimizer.apply([gradient], [weights])
        ends.append(weights.numpy())
    np.testing.assert_allclose(*ends, rtol=0, atol=2e-5)
    assert not np.allclose(ends[1], np.linspace(-1, 1, 12).reshape(3, 4), atol=0.01), "nothing moved"


def test_a_compiled_network_can_be_saved_and_goes_on(tmp_path):
    x, y = np.random.default_rng(2).random((64, 28, 28), "float32"), np.arange(64) % 10
    model = compile_model(build_model(4, dropout=0, seed=0))
    model.fit(x, y, epochs=1, verbose=0, shuffle=False)
    model.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    assert isinstance(again.optimizer, FusedAdam)
    for each in (model, again):
        each.fit(x, y, epochs=1, verbose=0, shuffle=False)
    for one, other in zip(model.get_weights(), again.get_weights()):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_first_step_is_traced_once():
    calls = []

    class Counting(layers.Layer):
        def call(self, inputs):
            calls.append(keras.backend.is_keras_tensor(inputs))
            return inputs

    model = compile_model(keras.Sequential([layers.Input((28, 28)), layers.Flatten(), Counting(), layers.Dense(10)]), logits=True)
    calls.clear()
    model.fit(np.zeros((8, 28, 28), "float32"), np.arange(8), batch_size=2, epochs=2, verbose=0)
    assert len(calls) == 1
