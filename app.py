"""The CDK app: `make synth` runs it as it stands, the CDK command line through cdk.json."""

from aws_cdk import App

from infrastructure.settings import Settings, project_context
from infrastructure.stack import RedactionStack

# The command line's own context goes before cdk.json's; without it (make synth) cdk.json's is all there is.
app = App(context=project_context(), analytics_reporting=False)
settings = Settings.of(app.node.get_all_context())
RedactionStack(app, "FaceRedaction", settings=settings)
app.synth()
