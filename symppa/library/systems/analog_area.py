"""Area of an analog chip."""

from symppa.language import Model, ceil_div, formula, one, part, parts, total_of
from symppa.library.components.control import DigitalUnits
from symppa.library.components.memory import Hierarchy
from symppa.library.components.readout import AnalogCore, Area
from symppa.library.components.transformer import Network


class ChipArea(Model):
    """Crossbars and what is built around them; memory stacks stand beside the chip."""

    net = part(Network)
    core = part(AnalogCore)
    digital = part(DigitalUnits)
    memory = part(Hierarchy)

    engines = formula("1", net.depth * digital.engines, "attention engines", derived=True)
    engine_storage = formula(
        "byte",
        core.engine_cells * ceil_div(digital.engine_bits, 8) * one("byte"),
        "storage of an attention engine",
        source="selfspec",
    )
    others = parts(
        attention_cim_mac=Area(units=engines, each=digital.engine_area),
        attention_cim_sram=Area(units=engines, each=engine_storage * memory.sram.density),
        sram=Area(units=1, each=memory.sram.area),
        fabric=Area(units=1, each=memory.fabric.area),
        digital_overhead=Area(units=net.depth, each=digital.overhead_area),
    )
    on_chip = formula("mm2", core.area + total_of(others, "area"), "area of the chip", derived=True)
    off_chip = formula("mm2", memory.hbm.area, "area of memory stacks beside the chip", derived=True)
