"""Spare-parts depot and RMA desk: one package, a folder per part of the business."""
