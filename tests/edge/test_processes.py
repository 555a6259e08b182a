"""What several API processes need of the options that they share."""

import pickle

from server.http import serving
from server.settings import Settings


def test_the_options_can_be_sent_to_another_process(settings: Settings):
    options = serving.options(settings)

    sent = pickle.loads(pickle.dumps(options))

    assert {name: sent[name] for name in sent if name != "http"} == {
        name: options[name] for name in options if name != "http"
    }
    assert sent["http"].keywords == options["http"].keywords
