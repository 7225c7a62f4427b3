"""Rules of KPU programs: each tells what is broken, a sentence each time. `table` lists them."""
