"""`ImageLab`: training in pieces, its records beside Keras' own fit, keep and go back, and its widget."""

import re
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from gan_helpers import data, evaluation, models, training
from gan_helpers.lab import ImageLab
from gan_helpers.training import TrainingDiverged


@pytest.fixture(scope="module")
def digits():
    x, labels = data.load_labelled("digits")
    return x[:400, 10:18, 10:18], labels[:400]


@pytest.fixture(scope="module")
def classifier(digits):
    model = evaluation.train_classifier(*digits, epochs=1)
    # Few features, so that few images make a covariance.
    return keras.Model(model.input, [model.outputs[0][:, :8], model.outputs[1]])


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """One compiled GAN for all tests, which would else take minutes to compile, and the file of its beginning."""
    keras.utils.set_random_seed(3)
    gan = training.GAN(models.dcgan_generator(4, (8, 8, 1), 4), models.dcgan_discriminator((8, 8, 1), (4, 8)), shift=1,
                       seed=3)
    gan.compile()
    file = tmp_path_factory.mktemp("gan") / "start.weights.h5"
    gan.save_weights(file)
    return gan, file


@pytest.fixture
def lab(start, digits):
    """Makes an `ImageLab` whose GAN is untrained again; it is always the same one, so use one lab at a time."""

    def make(x=digits[0], **how):
        gan, file = start
        gan.load_weights(file)
        return ImageLab(gan, x, **{"batch_size": 32, "every": 5, **how})

    return make


def weights(gan):
    return gan.get_weights()


def trainable(network):
    return [v.numpy() for v in network.trainable_variables]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def close(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_pieces_make_no_difference_and_it_is_what_fit_does(lab, digits):
    whole = lab().run(15)
    expected, history = weights(whole.gan), whole.history
    parts = lab().run(1).run_for(0)
    while parts.gan.steps < 15:
        parts.run(1)
    assert same(weights(parts.gan), expected) and parts.history == history and history["step"] == [5, 10, 15]
    gan = lab().gan
    rows = gan.fit(training.batches_from(digits[0], 32, 0), epochs=3, steps_per_epoch=5, verbose=0).history
    close(weights(gan), expected)
    close(rows.values(), [history[name] for name in rows])


def test_a_gan_that_fit_has_trained_goes_on_with_the_next_batch(lab, digits):
    expected = weights(lab().run(15).gan)
    gan = lab().gan
    gan.steps_per_execution = 5     # as `training.train` leaves it
    gan.make_train_function(force=True)
    gan.fit(training.batches_from(digits[0], 32, 0), epochs=1, steps_per_epoch=10, verbose=0)
    room = ImageLab(gan, digits[0], batch_size=32, every=5).run(5)
    assert room.history["step"] == [15]
    close(weights(gan), expected)


def test_a_record_has_samples_of_the_same_z(lab):
    room = lab()
    first = room.grids[0]
    room.run(10)
    assert len(room.grids) == 3 and first.shape == (16, 8, 8, 1)
    np.testing.assert_array_equal(room.grids[-1], np.asarray(room.gan(room._z)))
    assert not np.array_equal(first, room.grids[-1])


def test_quality_is_the_evaluation_modules(lab, digits, classifier):
    x_test = digits[0][200:]
    room = lab(measure_every=2, classifier=classifier, x_test=x_test)
    room.run(15)
    assert room.quality["step"] == [0, 10]
    room.run(5)
    x_fake = room.gan.generate(200, seed=0)
    floor = evaluation.frechet_distance(classifier, digits[0][:200], x_test)
    assert room.quality["step"][-1] == 20
    np.testing.assert_allclose(room.quality["frechet"][-1],
                               evaluation.frechet_distance(classifier, x_fake, x_test) / floor, rtol=1e-6)
    np.testing.assert_allclose(room.quality["score"][-1], evaluation.classifier_score(classifier, x_fake)
                               / evaluation.classifier_score(classifier, x_test), rtol=1e-6)


@pytest.mark.parametrize("rests", ["d_lr", "g_lr"])
def test_a_rate_of_zero_lets_one_player_rest_without_compiling(lab, rests):
    room = lab()
    room.run(2)
    graph = room.gan.train_function
    players = {"d_lr": room.gan.discriminator, "g_lr": room.gan.generator}
    before = {name: trainable(player) for name, player in players.items()}
    room.set(**{rests: 0})
    room.run(3)
    still = {name: same(before[name], trainable(player)) for name, player in players.items()}
    assert still == {name: name == rests for name in players}
    assert room.rates[rests] == 0 and room.history[rests] == [0] and room.gan.train_function is graph


def test_going_back_forgets_and_then_takes_the_same_way(lab, digits, classifier):
    room = lab(measure_every=1, classifier=classifier, x_test=digits[0][200:])
    room.run(10)
    room.keep()
    there = weights(room.gan)
    after = weights(room.run(10).gan)
    room.set(g_lr=0.5)
    room.run(5)
    room.go_back()
    assert same(weights(room.gan), there) and room.gan.steps == 10 and room.rates["g_lr"] == pytest.approx(1e-3)
    assert room.history["step"] == [5, 10] and room.quality["step"] == [0, 5, 10] and len(room.grids) == 3
    assert same(weights(room.run(10).gan), after)


def test_without_keeping_it_goes_back_to_the_beginning(lab):
    room = lab()
    there = weights(room.gan)
    room.run(7)
    room.go_back()
    assert same(weights(room.gan), there) and room.gan.steps == 0 and room.history["step"] == []


def test_divergence_keeps_the_last_good_weights_of_which_samples_can_be_drawn(lab):
    room = lab()
    room.run(5)
    room.set(d_lr=1e30)
    with pytest.raises(TrainingDiverged, match="at step"):
        room.run(20)
    assert all(np.isfinite(w).all() for w in weights(room.gan))
    assert np.isfinite(room.gan.generate(4)).all()


@pytest.mark.parametrize("wrong, says", [
    ({"x": np.zeros((64, 12, 8, 1), np.float32)}, r"takes images \(8, 8, 1\), got images \(12, 8, 1\)"),
    ({"x": np.zeros((20, 8, 8, 1), np.float32)}, "batch_size is 32, but there are only 20"),
    ({"x": np.full((64, 8, 8, 1), 7, np.float32)}, r"in \[-1, 1\]"),
    ({"classifier": object()}, "give both"),
    ({"every": 0}, "every must be"),
    ({"measure_every": 1.5}, "measure_every must be"),
])
def test_bad_input_is_refused_before_training(lab, wrong, says):
    with pytest.raises(ValueError, match=says):
        lab(**wrong)


def test_an_uncompiled_gan_is_refused(digits):
    gan = training.GAN(models.dcgan_generator(4, (8, 8, 1), 4), models.dcgan_discriminator((8, 8, 1), (4, 8)))
    with pytest.raises(ValueError, match=r"gan.compile\(\)"):
        ImageLab(gan, digits[0])


@pytest.mark.parametrize("rate", [-1, np.nan, np.inf, True, "fast"])
def test_a_rate_is_a_number_of_zero_or_more(lab, rate):
    room = lab()
    with pytest.raises(ValueError, match="d_lr must be a number of 0 or more"):
        room.set(d_lr=rate)
    assert room.rates["d_lr"] == pytest.approx(1e-3)


# The widget


def press(panel, name):
    next(box for box in panel.box.children[2].children if box.description == name).click()


def tick(panel, times=1):
    setattr(panel._player, panel._playing, True)
    for _ in range(times):
        panel._player.value += 1


def test_playing_trains_and_the_picture_follows(lab):
    room = lab(every=1)
    panel = room.widget()
    before = panel.figure.png()
    tick(panel, 2)
    assert room.gan.steps >= 2 and f"Step {room.gan.steps}" in panel.figure.text
    assert panel.figure.png() != before


def test_sliders_steer_and_the_left_end_is_a_rest(lab):
    room = lab()
    panel = room.widget()
    panel._rates["g_lr"].value = 1e-2
    assert room.rates["g_lr"] == pytest.approx(1e-2)
    panel._rates["d_lr"].value = panel._rates["d_lr"].base**panel._rates["d_lr"].min
    assert room.rates["d_lr"] == 0


def test_keep_and_go_back_by_hand(lab):
    room = lab()
    panel = room.widget()
    tick(panel)
    press(panel, "Go back")
    assert room.gan.steps == 0 and "Back at step 0" in panel._message.value
    tick(panel)
    press(panel, "Keep")
    kept = room.gan.steps
    assert f"Kept: step {kept}" in panel._message.value
    panel._rates["g_lr"].value = 1e-5
    tick(panel)
    press(panel, "Go back")
    assert room.gan.steps == kept and "Back at step" in panel._message.value
    assert panel._rates["g_lr"].value == pytest.approx(1e-3) and room.rates["g_lr"] == pytest.approx(1e-3)


def test_divergence_pauses_and_explains(lab):
    room = lab()
    panel = room.widget()
    panel._player.playing = True
    room.set(d_lr=1e30)
    for _ in range(5):
        tick(panel)
        if not panel._player.playing:
            break
    assert re.search("Paused. [gd]_loss", panel._message.value) and panel._player.playing is False
    assert "Go back returns to step 0" in panel._message.value
    press(panel, "Go back")         # the first step of such a rate is finite, and spoils the weights
    room.set(d_lr=1e-3)
    tick(panel, 3)
    assert panel._message.value == "" and room.gan.steps >= 3


def test_a_moment_after_a_divergence_doesnt_take_the_place_of_a_good_one(lab):
    room = lab()
    room.run(5).keep()
    room.set(d_lr=1e30)
    with pytest.raises(TrainingDiverged):
        room.run(10)
    with pytest.raises(ValueError, match="not kept. go_back.. returns to step 5"):
        room.keep()
    room.go_back()
    room.keep()
    assert room.kept == 5


def test_rates_are_set_all_or_none(lab):
    room = lab()
    before = room.rates
    with pytest.raises(ValueError, match="d_lr must be a number of 0 or more, got -1"):
        room.set(g_lr=0.5, d_lr=-1)
    assert room.rates == before


def test_threads_take_turns(lab):
    room = lab()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(room.run, [5] * 8))
    together = weights(room.gan)
    assert room.history["step"] == list(range(5, 45, 5)) and len(room.grids) == 9
    room = lab()
    room.run(40)
    assert same(together, weights(room.gan))


def test_samples_that_cant_be_drawn_become_a_message(lab):
    panel = lab().widget()
    panel.lab.grids[-1] = np.full((16, 8, 8, 1), np.nan, np.float32)
    panel.redraw()
    assert "draw this: ValueError: " in panel._message.value and "NaN" in panel._message.value
    tick(panel, 2)
    assert panel.lab.gan.steps >= 2


def test_the_first_picture_knows_nothing_of_what_comes(lab, digits, classifier):
    room = lab(measure_every=1, classifier=classifier, x_test=digits[0][200:])
    room.run(10)
    assert [room.shown(record)["quality"]["step"] for record in range(3)] == [[0], [0, 5], [0, 5, 10]]


def test_replay_shows_each_record(lab):
    room = lab()
    with pytest.raises(ValueError, match=r"run\(5\)"):
        room.replay()
    room.run(10)
    figure = room.replay()
    assert figure.text.startswith("Step 10.")
    last = figure.png()
    figure.update(record=0)
    assert "Before the first record" in figure.text and figure.png() != last
    room.go_back()
    room.set(g_lr=0.05)
    room.run(15)            # what comes later doesn't change it
    figure.update(record=2)
    assert figure.text.startswith("Step 10.") and figure.png() == last


def test_presets_differ_where_they_say(digits):
    gans = {name: preset.build(seed=1) for name, preset in training.PRESETS.items()}
    rates = {name: float(gan.g_optimizer.learning_rate) for name, gan in gans.items()}
    assert rates == {"course": pytest.approx(2e-3), "article": pytest.approx(3e-4)}
    assert gans["article"].shift == 0 and gans["article"].average_generator is None and gans["course"].shift == 1
    gan, history = training.train(data.load_images("digits")[:64], steps=4, preset="article", progress=False)
    assert gan.steps == 4 and gan.z_dim == 64
    few, many = (training.Preset().build(n=n).discriminator.layers[-2].rate for n in (4999, 5000))
    assert (few, many) == (0.3, 0)
    with pytest.raises(ValueError, match="Unknown preset 'articel'. Known: course, article. Did you mean 'article'"):
        training.train(digits[0], steps=1, preset="articel")
