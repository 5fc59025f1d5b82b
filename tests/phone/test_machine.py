import pytest

from kerasrestore.phone.machine import instructions, machine


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        ("fpu sse4_1 avx fma avx2", "AVX2 without VNNI"),
        ("avx2 avx512f avx512bw", "AVX-512 without VNNI"),
        ("avx2 avx512f avx512bw avx512_vnni", "AVX-512 VNNI"),
        ("avx2 avx_vnni", "AVX VNNI"),
        ("avx512_vnni amx_int8", "AMX"),
        ("fp asimd", "NEON without dot product"),
        ("fp asimd asimddp", "NEON dot product"),
        ("fp asimd asimddp i8mm", "NEON I8MM"),
        ("", None),
    ],
)
def test_instructions_for_int8(flags, wanted):
    found = instructions(flags)
    assert found["int8_instructions"] == wanted
    assert set(found["instructions"] or ()) <= set(flags.split())


def test_this_machine():
    found = machine()
    assert found["cores"] >= 1 and found["ai_edge_litert"]
    assert set(found) >= {"instructions", "int8_instructions", "processor"}
