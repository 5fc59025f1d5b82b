from types import SimpleNamespace

from kerasrestore.phone.headline import headline, short_names

INT8 = {"INT8 x INT8": 3}


def entry(label, seconds, *, types=None, phones=(), quality=None):
    return {
        "label": label,
        "quantization": "int8" if types else "float32",
        "tile": [64, 96],
        "graph": {"arithmetic": types or {"FLOAT32 x FLOAT32": 3}},
        "latency": [
            {"threads": number, "median_s": seconds / number}
            for number in (1, 2)
        ],
        "phones": list(phones),
        "quality": quality,
    }


def line(*files):
    machine = {"processor": "A CPU", "int8_instructions": "AVX2 without VNNI"}
    return headline(SimpleNamespace(files=list(files), machine=machine))


def test_the_fastest_is_compared_with_the_first():
    quality = [{"loss_db": 0.021}, {"loss_db": 0.049}]
    found = line(
        entry("net", 0.4), entry("net_int8", 0.1, types=INT8, quality=quality)
    )
    assert found == (
        "int8: 50 ms for 96x64 pixels, 4 times as fast as float32, loses up "
        "to 0.05 dB (A CPU, 2 threads, AVX2 without VNNI)"
    )
    assert line(entry("net", 0.4)) == (
        "net: 200 ms for 96x64 pixels (A CPU, 2 threads)"
    )


def test_a_phone_comes_first_if_all_files_were_measured_on_it():
    phone = {"device": "P", "android": "16", "accelerator": "GPU", "threads": 4}
    slow, fast = ({**phone, "median_s": x} for x in (0.03, 0.02))
    other = entry("b", 0.1, types=INT8, phones=[fast])
    found = line(entry("a", 0.4, phones=[slow]), other)
    assert found.startswith("b: 20 ms for 96x64 pixels, 1.5 times as fast as a")
    assert found.endswith("(P, Android 16, GPU, 4 threads)")
    assert "A CPU" in line(entry("a", 0.4), other)


def test_short_names():
    def names(*labels):
        return short_names([{"label": x, "quantization": None} for x in labels])

    assert names("net_a", "net_b") == ["a", "b"]
    assert names("net", "net_b") == ["net", "b"]
    assert names("only_one") == ["only_one"]
    (long,) = names("x" * 50)
    assert len(long) == 28 and "…" in long
    both = ("x" * 40 + "a" + "y" * 40, "x" * 40 + "b" + "y" * 40)
    assert names(*both) == list(both)
