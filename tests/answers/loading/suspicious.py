"""Answers to the task `suspicious`: the 100 of 2,000 labels that look most like swapped ones."""

import numpy as np
from answers import right, wrong
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import NearestNeighbors


def distances(images):
    rows = images.reshape(len(images), -1).astype(float)
    lengths = (rows**2).sum(axis=1)
    found = lengths[:, None] + lengths - 2 * rows @ rows.T
    np.fill_diagonal(found, np.inf)
    return found


@right
def ten_nearest_disagree(images, labels):
    nearest = distances(images).argsort(axis=1)[:, :10]
    return (labels[nearest] == labels[:, None]).sum(axis=1).argsort(kind="stable")[:100]


@right
def scikit_learn_five_nearest(images, labels):
    rows = images.reshape(len(images), -1) / 255
    nearest = NearestNeighbors(n_neighbors=6).fit(rows).kneighbors(rows, return_distance=False)[:, 1:]
    return np.argsort((labels[nearest] != labels[:, None]).mean(axis=1))[::-1][:100]


@right
def ratio_of_distances(images, labels):
    found = distances(images)
    same = labels[:, None] == labels
    ratio = np.where(same, found, np.inf).min(axis=1) / np.where(same, np.inf, found).min(axis=1)
    return list(np.argsort(-ratio)[:100])


@right
def out_of_fold_probabilities(images, labels):
    rows = images[:, ::2, ::2].reshape(len(images), -1) / 255
    model = LogisticRegression(C=0.05, max_iter=60)
    probability = cross_val_predict(model, rows, labels, cv=3, method="predict_proba")[np.arange(len(labels)), labels]
    return probability.argsort()[:100]


@wrong(0, "among your 100 positions")
def the_first_hundred(images, labels):
    return np.arange(100)


@wrong(0, "among your 100 positions")
def most_usual_instead(images, labels):
    nearest = distances(images).argsort(axis=1)[:, :10]
    return (labels[nearest] == labels[:, None]).sum(axis=1).argsort(kind="stable")[::-1][:100]


@wrong(0, "Expected at most 100 positions")
def everything(images, labels):
    return np.arange(2000)


@wrong(0, "among your 100 positions")
def itself_among_its_neighbours(images, labels):
    rows = images.reshape(len(images), -1) / 255
    nearest = NearestNeighbors(n_neighbors=1).fit(rows).kneighbors(rows, return_distance=False)
    return np.argsort(labels[nearest[:, 0]] == labels, kind="stable")[:100]


@wrong(0, "whole numbers in one row")
def how_suspicious_instead_of_where(images, labels):
    return np.linspace(0, 1, 100)


@wrong(0, "of the 40 swapped labels")
def labels_instead_of_positions(images, labels):
    return labels[:100]
