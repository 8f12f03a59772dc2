"""The same job in Keras: a frozen base inside model.fit, or its features cached by hand. Prints the validation accuracy as JSON.
Arguments: usual|cached FOLDER MODEL EPOCHS."""
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

kind, folder, path, epochs = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
keras.utils.set_random_seed(1)


def photos(part, shuffle):
    data = keras.utils.image_dataset_from_directory(f"{folder}/{part}", image_size=(224, 224), batch_size=32, label_mode="int", shuffle=shuffle, seed=1, verbose=False)
    return data.prefetch(tf.data.AUTOTUNE), len(data.class_names)


base = keras.models.load_model(path, compile=False)
base.trainable = False
train, classes = photos("train", shuffle=kind == "usual")
validation, _ = photos("validation", shuffle=False)
pool, dropout = keras.layers.GlobalAveragePooling2D(), keras.layers.Dropout(0.2)
classifier = keras.layers.Dense(classes, activation="softmax")

if kind == "usual":
    inputs = keras.Input((224, 224, 3))
    model = keras.Model(inputs, classifier(dropout(pool(base(inputs, training=False)))))
else:
    extractor = keras.Sequential([base, pool])

    def features(data):
        pairs = [(extractor.predict_on_batch(x), y) for x, y in data]
        return np.concatenate([x for x, _ in pairs]), np.concatenate([y for _, y in pairs])

    train, validation = features(train), features(validation)
    inputs = keras.Input(train[0].shape[1:])
    model = keras.Model(inputs, classifier(dropout(inputs)))

model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
if kind == "usual":
    history = model.fit(train, validation_data=validation, epochs=epochs, verbose=0)
else:
    history = model.fit(*train, validation_data=validation, batch_size=32, epochs=epochs, verbose=0)
print(json.dumps({"accuracy": history.history["val_accuracy"][-1]}))
