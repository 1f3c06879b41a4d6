"""Adam in one operation: the optimizer of the course's recipe.

The page *Where the time goes* (book/speed) says why there is one, and measures what it saves.
"""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="mnist_lib")
class FusedAdam(keras.optimizers.Adam):
    """Adam that updates each array of weights in one operation.

    Keras' own takes a dozen operations for each array, and each of them goes through whole arrays. The steps are the same up to rounding.
    The arguments are those of `keras.optimizers.Adam`.

    Notes
    -----
    Adam: Kingma and Ba (2015). The operation is TensorFlow's ``ResourceApplyAdam``, which also exists for GPUs.
    """

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        """Move one array of weights against its gradient, a tensor of the same shape; Keras calls this in each step."""
        if self.amsgrad:  # a variant that the operation does not know
            super().update_step(gradient, variable, learning_rate)
            return
        place, dtype = self._get_variable_index(variable), variable.dtype
        steps = tf.cast(self.iterations + 1, dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].handle,
            v=self._velocities[place].handle,
            beta1_power=tf.cast(self.beta_1, dtype) ** steps,
            beta2_power=tf.cast(self.beta_2, dtype) ** steps,
            lr=tf.cast(learning_rate, dtype),
            beta1=tf.cast(self.beta_1, dtype),
            beta2=tf.cast(self.beta_2, dtype),
            epsilon=tf.cast(self.epsilon, dtype),
            grad=tf.cast(tf.convert_to_tensor(gradient), dtype),
        )
