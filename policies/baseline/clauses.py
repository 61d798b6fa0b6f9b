"""Clauses of the standards, by what a group of rules is evidence of."""

from __future__ import annotations

from policies.rule import Clauses, Standard

ENCRYPTION: Clauses = {
    Standard.PCI_DSS: ("3.6.1", "8.3.2"),
    Standard.SOC_2: ("CC6.1",),
    Standard.HIPAA: ("164.312(a)(2)(iv)",),
    Standard.GDPR: ("Art.32(1)(a)",),
    Standard.ISO_27001: ("A.8.24",),
    Standard.NIST_800_53: ("SC-12", "SC-28(1)"),
}
KEY_LIFE: Clauses = {
    Standard.PCI_DSS: ("3.6.1", "3.7.4", "3.7.5"),
    Standard.SOC_2: ("CC6.1",),
    Standard.GDPR: ("Art.32(1)(a)",),
    Standard.ISO_27001: ("A.8.24",),
    Standard.NIST_800_53: ("SC-12",),
}
ACCESS: Clauses = {
    Standard.PCI_DSS: ("7.2.1", "7.2.2"),
    Standard.SOC_2: ("CC6.1", "CC6.3"),
    Standard.HIPAA: ("164.312(a)(1)",),
    Standard.ISO_27001: ("A.5.15", "A.8.3"),
    Standard.NIST_800_53: ("AC-3", "AC-6"),
}
TRANSMISSION: Clauses = {
    Standard.SOC_2: ("CC6.7",),
    Standard.HIPAA: ("164.312(e)(1)",),
    Standard.GDPR: ("Art.32(1)(a)",),
    Standard.ISO_27001: ("A.8.24",),
    Standard.NIST_800_53: ("SC-13",),
}
RECORD: Clauses = {
    Standard.PCI_DSS: ("10.2.1",),
    Standard.SOC_2: ("CC7.2",),
    Standard.HIPAA: ("164.312(b)",),
    Standard.ISO_27001: ("A.8.15",),
    Standard.NIST_800_53: ("AU-2", "AU-12"),
}
RECORD_KEPT: Clauses = {
    Standard.PCI_DSS: ("10.3.2", "10.3.4", "10.5.1"),
    Standard.HIPAA: ("164.312(b)", "164.312(c)(1)"),
    Standard.ISO_27001: ("A.5.28", "A.5.33", "A.8.15"),
    Standard.NIST_800_53: ("AU-9", "AU-11"),
}
MONITORING: Clauses = {
    Standard.PCI_DSS: ("10.4.1.1",),
    Standard.SOC_2: ("CC7.2", "CC7.3"),
    Standard.ISO_27001: ("A.8.16",),
    Standard.NIST_800_53: ("AU-6", "SI-4"),
}
CODE: Clauses = {
    Standard.SOC_2: ("CC6.8", "CC8.1"),
    Standard.ISO_27001: ("A.8.9", "A.8.32"),
    Standard.NIST_800_53: ("CM-3", "CM-6"),
}
NETWORK: Clauses = {
    Standard.SOC_2: ("CC6.6",),
    Standard.GDPR: ("Art.32(1)(b)",),
    Standard.ISO_27001: ("A.8.9",),
    Standard.NIST_800_53: ("CM-6",),
}
NO_EMBEDDED_SECRET: Clauses = {
    Standard.PCI_DSS: ("8.6.2",),
    Standard.ISO_27001: ("A.5.17",),
    Standard.NIST_800_53: ("IA-5(7)",),
}
ORDER: Clauses = {
    Standard.SOC_2: ("CC7.1",),
    Standard.ISO_27001: ("A.5.9", "A.8.9"),
    Standard.NIST_800_53: ("CM-6",),
}
