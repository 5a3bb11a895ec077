// Package pcireg holds what a PCI function and those who talk to it share:
// offsets in configuration space, the layouts of its registers, and the
// interface of the part that decides when an MSI-X entry sends. Nothing here
// acts.
package pcireg
