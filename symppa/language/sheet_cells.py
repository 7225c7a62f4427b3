"""Operations as cells of a spreadsheet, where one plain formula will not do.

A template is one formula, or several cells: `|` ends a cell, and `{h[0]}`, `{h[1]}` are those before it. LibreOffice
takes numbers that agree to 14 digits as equal, in comparisons, differences and roundings; Excel does so in some. Parts
of what is compared are therefore taken away first: 0.984375 = 63/64 leaves a small rest that no program rounds.
"""

_AGAIN = "(({0}/{1}-0.984375)-0.015625)"  # a / b - 1 where the two look equal: its sign is that of a - b, for b > 0
SUBTRACT = "IF({0}={1},(({0}-{1}*0.984375)-({1}-{1}*0.984375)),({0}-{1}))"
LESS = f"IF({{0}}={{1}},IF({{1}}=0,0,IF({_AGAIN}*SIGN({{1}})<0,1,0)),IF({{0}}<{{1}},1,0))"
AT_MOST = f"IF({{0}}={{1}},IF({{1}}=0,1,IF({_AGAIN}*SIGN({{1}})<=0,1,0)),IF({{0}}<{{1}},1,0))"
EQUAL = f"IF({{0}}={{1}},IF({{1}}=0,1,IF({_AGAIN}=0,1,0)),0)"

_QUOTIENT = "{0}/{1}|INT({h[0]})|IF(ABS({h[0]})<2^32,0.015625,2^20)|"
_OFF = "(({h[0]}-({h[1]}-{h[2]}))-{h[2]})"  # the quotient without its whole part, every bit of it


def _rounded(small: str, off: str) -> str:
    return f"{_QUOTIENT}IF(ABS({{h[0]}})<0.5,{small},IF(ABS({{h[0]}})>=2^52,{{h[0]}},{{h[1]}}{off}))"


CEIL_DIV = _rounded("IF({h[0]}>0,1,0)", f"+IF({_OFF}>0,1,0)")
FLOOR_DIV = _rounded("IF({h[0]}<0,-1,0)", f"-IF({_OFF}<0,1,0)")

# 0^0 is 1; a negative base needs a whole exponent, which LibreOffice does not ask for; it has no power below 1E-308.
_ODD = "IF({1}=INT({1}),(({1}/INT({1})-0.984375)-0.015625)<>0,TRUE)"
LOWEST = -708.0  # exp of it is the smallest power
TINY = f"IF({{1}}*LN(ABS({{0}}))<{LOWEST:.0f},0,{{0}}^{{1}})"
POWER = f"IF({{1}}=0,1,IF({{0}}<0,IF({_ODD},NA(),{TINY}),IF({{0}}=0,{{0}}^{{1}},{TINY})))"

_SERIES = "{h[1]}*(1+{h[1]}/2*(1+{h[1]}/3*(1+{h[1]}/4*(1+{h[1]}/5*(1+{h[1]}/6*(1+{h[1]}/7))))))"  # exp(t) - 1
_FAR = f"({POWER}-1)/{{h[0]}}"
GEOMETRIC_SUM = (
    "IF({0}=1,(({0}-0.984375)-0.015625),{0}-1)"
    "|IF(ABS({h[0]})<0.5,{1}*LN({0}),{1}*0)"
    f"|IF({{1}}=0,0*{{0}},IF({{h[0]}}=0,{{1}},IF(ABS({{h[0]}})>=0.5,{_FAR},"
    f"IF(ABS({{h[1]}})<0.01,{_SERIES},EXP({{h[1]}})-1)/{{h[0]}})))"
)

# Lambert W: what lies beyond -1/e, the root of the series at the branch point, the series, a start, three steps.
# 1/e is told in three parts: a formula keeps 15 digits of a number.
_BEYOND = "(({0}+0.25)+0.1178794411)+7.14423257277263E-11|"
_SIGNED_ROOT = "{sign}SQRT(MAX(2*EXP(1)*{h[0]},0))|MAX(-1,MIN(1,{h[1]}))|"
_NEAR = (
    "-1+{h[2]}*(1+{h[2]}*(-1/3+{h[2]}*(11/72+{h[2]}*(-43/540+{h[2]}*(769/17280+{h[2]}*(-221/8505"
    "+{h[2]}*(680863/43545600+{h[2]}*(-1963/204120+{h[2]}*226287557/37623398400))))))))|"
)
_MIDDLE = "LN(1+{0})*(1-LN(1+LN(1+{0}))/(2+LN(1+{0})))"
_LARGE = "LN({0})-LN(LN({0}))+LN(LN({0}))/LN({0})"
_SMALL = "LN(-{0})-LN(-LN(-{0}))+LN(-LN(-{0}))/LN(-{0})"


def _halley(w: str) -> str:
    off = f"({w}*EXP({w})-{{0}})"
    return f"{w}-{off}/(EXP({w})*({w}+1)-({w}+2)*{off}/(2*{w}+2))|"


def _fritsch(w: str) -> str:
    off = f"(LN({{0}}/{w})-{w})"
    step = f"(2*(1+{w})*(1+{w}+2*{off}/3))"
    return f"{w}*(1+{off}/(1+{w})*({step}-{off})/({step}-2*{off}))|"


_TAKEN = "IF({h[0]}<-4E-17,NA(),IF(ABS({h[1]})<0.05,{h[3]},{h[7]}))"
_PRINCIPAL = (
    _BEYOND
    + _SIGNED_ROOT.replace("{sign}", "")
    + _NEAR
    + f"IF({{0}}<-0.25,{{h[3]}},IF({{0}}>3,{_LARGE},{_MIDDLE}))|"
    + "".join(f"IF(ABS({{h[1]}})<0.05,{{h[3]}},{_halley(f'{{h[{k}]}}')[:-1]})|" for k in (4, 5, 6))
    + _TAKEN
)
_LOWER = (
    _BEYOND
    + _SIGNED_ROOT.replace("{sign}", "-")
    + _NEAR
    + f"IF({{h[1]}}>-1,{{h[3]}},{_SMALL})|"
    + "".join(f"IF(ABS({{h[1]}})<0.05,{{h[3]}},{_fritsch(f'{{h[{k}]}}')[:-1]})|" for k in (4, 5, 6))
    + f"IF({{0}}>=0,NA(),{_TAKEN})"
)
LAMBERT_W = f"{_PRINCIPAL};{_LOWER}"  # branch 0, then branch -1

# The largest term, the sum of powers of the parts of it, each a cell of its own, and the root of the sum.
SMOOTH_LARGEST = (
    "MAX({terms})|SUM({powers})|1/{p}|"
    f"IF({{h[0]}}=0,0,{{h[0]}}*{POWER.replace('{0}', '{h[1]}').replace('{1}', '{h[2]}')})"
)

# A key is a whole number and is found by all of its digits; an empty entry is no 0.
LOOKUP = (
    "MATCH({0},{n},0)|INDEX({n},{h[0]})"
    "|IF(IF({0}={h[1]},IF({h[1]}=0,TRUE,(({0}/{h[1]}-0.984375)-0.015625)=0),FALSE),"
    "IF(ISNUMBER(INDEX({k},{h[0]})),INDEX({k},{h[0]})*{u},NA()),NA())"
)
