"""Units of measure in UCUM (https://ucum.org/ucum, version 2.2): from words to codes, and a check of
what claims to be a code.

:func:`is_valid` follows the grammar of section 2 (terms, prefixes, exponents, annotations) over all unit
atoms, in their case-sensitive form. It does not know dimensions: that a dose is a volume is for the caller.
"""

from __future__ import annotations

import re
from typing import Final

from fhir_vitiligo.terminology.registry import recognise_text

# UCUM 2.2, table 1 and all unit tables: prefixes; atoms that take one; atoms that take none.
# Word lists, since 340 quoted strings would hide them.
_PREFIXES: Final = tuple("Y Z E P T G M k h da d c m u n p f a z y Ki Mi Gi Ti".split())  # noqa: SIM905
_METRIC: Final = frozenset(
    """
m s g rad K C cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv l L ar t bar u eV pc [c] [h]
[k] [eps_0] [mu_0] [e] [m_e] [m_p] [G] [g] [ly] gf Ky Gal dyn erg P Bi St Mx G Oe Gb sb Lmb ph Ci R RAD
REM cal_[15] cal_[20] cal_m cal_IT cal_th cal tex m[H2O] m[Hg] eq osm g% kat U [iU] [IU] Np B B[SPL] B[V]
B[mV] B[uV] B[10.nV] B[W] B[kW] st mho bit By Bd
    """.split()  # noqa: SIM905
)
_NOT_METRIC: Final = frozenset(
    """
10* 10^ [pi] % [ppth] [ppm] [ppb] [pptr] gon deg ' '' min h d a_t a_j a_g a wk mo_s mo_j mo_g mo AU atm
[lbf_av] [in_i] [ft_i] [yd_i] [mi_i] [fth_i] [nmi_i] [kn_i] [sin_i] [sft_i] [syd_i] [cin_i] [cft_i]
[cyd_i] [bf_i] [cr_i] [mil_i] [cml_i] [hd_i] [ft_us] [yd_us] [in_us] [rd_us] [ch_us] [lk_us] [rch_us]
[rlk_us] [fth_us] [fur_us] [mi_us] [acr_us] [srd_us] [smi_us] [sct] [twp] [mil_us] [in_br] [ft_br]
[rd_br] [ch_br] [lk_br] [fth_br] [pc_br] [yd_br] [mi_br] [nmi_br] [kn_br] [acr_br] [gal_us] [bbl_us]
[qt_us] [pt_us] [gil_us] [foz_us] [fdr_us] [min_us] [crd_us] [bu_us] [gal_wi] [pk_us] [dqt_us] [dpt_us]
[tbs_us] [tsp_us] [cup_us] [foz_m] [cup_m] [tsp_m] [tbs_m] [gal_br] [pk_br] [bu_br] [qt_br] [pt_br]
[gil_br] [foz_br] [fdr_br] [min_br] [gr] [lb_av] [oz_av] [dr_av] [scwt_av] [lcwt_av] [ston_av] [lton_av]
[stone_av] [pwt_tr] [oz_tr] [lb_tr] [sc_ap] [dr_ap] [oz_ap] [lb_ap] [oz_m] [lne] [pnt] [pca] [pnt_pr]
[pca_pr] [pied] [pouce] [ligne] [didot] [cicero] [degF] [degR] [degRe] [Cal] [Btu_39] [Btu_59] [Btu_60]
[Btu_m] [Btu_IT] [Btu_th] [Btu] [HP] [den] [in_i'H2O] [in_i'Hg] [PRU] [wood'U] [diop] [p'diop] %[slope]
[mesh_i] [Ch] [drp] [hnsf'U] [MET] [hp'_X] [hp'_C] [hp'_M] [hp'_Q] [hp_X] [hp_C] [hp_M] [hp_Q] [kp_X]
[kp_C] [kp_M] [kp_Q] [pH] [S] [HPF] [LPF] [arb'U] [USP'U] [GPL'U] [MPL'U] [APL'U] [beth'U] [anti'Xa'U]
[todd'U] [dye'U] [smgy'U] [bdsk'U] [ka'U] [knk'U] [mclg'U] [tb'U] [CCID_50] [TCID_50] [EID_50] [PFU]
[FFU] [CFU] [IR] [BAU] [AU] [Amb'a'1'U] [PNU] [Lf] [D'ag'U] [FEU] [ELU] [EU] Ao b att [psi] circ sph
[car_m] [car_Au] [smoot] [m/s2/Hz^(1/2)] [NTU] [FNU] bit_s
    """.split()  # noqa: SIM905
)
_ATOMS: Final = _METRIC | _NOT_METRIC
_LONGEST: Final = 500
_TOKEN = re.compile(
    r"(?P<operator>[./])|(?P<open>\()|(?P<close>\))"
    r"|(?P<annotation>\{[ -z|~]*\})"
    # Brackets are part of an atom and may hold what would else be an operator: [m/s2/Hz^(1/2)], B[10.nV].
    r"|(?P<symbol>(?:\[[^\[\]\s]*\]|[^\[\]./(){}\s])+)"
)
_WITH_EXPONENT = re.compile(r"(.*[^0-9+-])(?:[+-]?[0-9]+)?", re.DOTALL)


def unit(text: str) -> str | None:
    """The UCUM code for a unit as people write it (``cc``, ``years``, ``J/cm²``), if registered."""
    found = recognise_text("unit", text)
    return None if found is None else found.key


def is_valid(code: str) -> bool:
    """Whether ``code`` is a case-sensitive UCUM expression: ``mJ/cm2`` and ``{score}`` are, ``cc`` is not."""
    if not code or len(code) > _LONGEST:
        return False
    depth, place = 0, 0
    component_is_due, annotation_may_follow = True, False
    while place < len(code):
        token = _TOKEN.match(code, place)
        if token is None:
            return False
        match token.lastgroup:
            case "operator":
                # A term may start with a solidus, never with a point.
                if component_is_due and (token[0] == "." or place != 0):
                    return False
                component_is_due, annotation_may_follow = True, False
            case "open":
                if not component_is_due:
                    return False
                depth += 1
            case "close":
                depth -= 1
                if component_is_due or depth < 0:
                    return False
                annotation_may_follow = True
            case "annotation":
                if not (component_is_due or annotation_may_follow):
                    return False
                component_is_due = annotation_may_follow = False
            case _:
                if not component_is_due or not _is_simple_unit(token[0]):
                    return False
                component_is_due, annotation_may_follow = False, True
        place = token.end()
    return depth == 0 and not component_is_due


def _is_simple_unit(symbol: str) -> bool:
    """A whole number, or an atom with or without prefix and exponent."""
    if not symbol.isascii():
        return False
    if symbol.isdigit():
        return True
    found = _WITH_EXPONENT.fullmatch(symbol)
    if found is None:
        return False
    atom = found[1]
    return atom in _ATOMS or any(
        atom.startswith(prefix) and atom[len(prefix) :] in _METRIC for prefix in _PREFIXES
    )
