"""Your own AlexNet: answers to the exercises as the operations of a network that trains.

`answers` loads a student's files into this process, `operations` gives them the arguments and
results of `tinyalex.functional`, `train` trains with them, and `milestones` are the way there.
The grader judges the answers first, in processes of their own; here they run as what they are: code
that the student wrote and wants to run.
"""
