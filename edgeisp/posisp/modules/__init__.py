"""The modules by family. Formulas are restated from the authors' code; a class says where ours differ.

Source: POS-ISP (arXiv 2604.06938), which took them from AdaptiveISP (arXiv 2410.22939) and Exposure (Hu et al. 2018).
"""
