import time

import pytest

from core.inbound import reply


@pytest.mark.parametrize(
    "quotation",
    [
        "On Mon, 3 Aug 2026 at 10:00, Support <s@example.com> wrote:\n\n> hi\n",
        "On Mon, 3 Aug 2026 at 10:00, Support With A Long Name <\ns@example.com> wrote:\n\n> hi\n",
        "Am Mo., 3. Aug. 2026 um 10:00 Uhr schrieb Support <s@example.com>:\n\n> hi\n",
        "Le lun. 3 août 2026 à 10:00, Support <s@example.com> a écrit :\n\n> hi\n",
        "El lun, 3 ago 2026 a las 10:00, Support (<s@example.com>) escribió:\n\n> hi\n",
        "Il giorno lun 3 ago 2026 alle ore 10:00 Support <s@example.com> ha scritto:\n\n> hi\n",
        "Em seg., 3 de ago. de 2026 às 10:00, Support <s@example.com> escreveu:\n\n> hi\n",
        "Op ma 3 aug 2026 om 10:00 schreef Support <s@example.com>:\n\n> hi\n",
        "W dniu 3.08.2026 o 10:00, Support pisze:\n> hi\n",
        "2026年8月3日(月) 10:00 Support <s@example.com>:\n\n> hi\n",
        "пн, 3 авг. 2026 г. в 10:00, Support <s@example.com> написал(а):\n> hi\n",  # noqa: RUF001  # Cyrillic is meant
        "-----Original Message-----\nFrom: Support\nSent: Monday\n\nhi\n",
        "________________________________\nFrom: Support <s@example.com>\nSent: Monday\n\nhi\n",
        "From: Support <s@example.com>\nSent: Monday, August 3, 2026 10:00 AM\nTo: Ann\n\nhi\n",
        "Von: Support <s@example.com>\nGesendet: Montag, 3. August 2026\nAn: Ann\n\nhi\n",
        "> hi\n>\n> bye\n",
    ],
)
def test_what_stands_above_the_quotation(quotation):
    """The forms that common clients use, in their languages."""
    said = "Thanks.\n\nOn it:\n- one\n- two"
    assert said == reply.stripped(f"{said}\n\n{quotation}")


@pytest.mark.parametrize(
    "text",
    [
        "> How is it?\nGood.\n> When?\nToday.",
        "From: now on\nwe write more.",
        "On reflection, no.\nShe wrote: yes.",
        "Am I late?",
        "-- \nAnn",
        "",
    ],
)
def test_what_is_no_quotation(text):
    """An answer between the lines, and words that only look like a begin."""
    assert text.strip() == reply.stripped(text)


@pytest.mark.parametrize(
    "piece", ["On ", "On x wrote ", "From: a\n", "\n", "> \n", ">\nx\n", "_", "-", "On x\n", "12:00 ", "a "]
)
def test_hostile_texts_take_no_longer(piece):
    """Time is linear in the text: nobody stops a server with one letter."""
    began = time.process_time()
    reply.stripped(piece * 200_000)
    assert time.process_time() - began < 5
