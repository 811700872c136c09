"""Clothes, hair and other things that are worn, in MakeHuman's and MPFB's open form.

An asset is an ``.obj`` mesh that is bound, vertex by vertex, to triangles of the base mesh
(``.mhclo``), with a material (``.mhmat``) and its pictures. Here they are read, written, fitted to
a person of any shape and posed with them.
"""
