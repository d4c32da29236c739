"""Lets the tests import the modules of models/training, as its scripts do, and finds the fixtures."""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / 'test' / 'fixtures'

sys.path.insert(0, str(ROOT / 'models' / 'training'))
