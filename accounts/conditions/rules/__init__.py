"""The rule language over account facts: a typed tree of conditions, without clock, query or request.

A rule is JSON (`reading`), read into a tree (`tree`) against a vocabulary of facts
(`vocabulary`), compiled to one SQL predicate (`predicate`) and said in plain
words (`words`). Live evaluation, preview and back-test run that one predicate.
"""
